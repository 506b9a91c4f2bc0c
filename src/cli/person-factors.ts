import { Argument, type Command } from 'commander';
import type { RememberedDevice } from '../factors/remembered-devices.ts';
import type { FactorKind, FactorSummary } from '../factors/factors.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import { findPerson, nameOf } from './find-person.ts';
import { failureWords } from './limit-words.ts';
import { instant, json, plain, table } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { removeFactors } from './remove-factors.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';

/** The person has no passkey with that id. */
class NoSuchPasskey extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_PASSKEY';
}

interface Flags {
  /** Of `remove`: this one alone. */
  readonly passkey?: string;
  readonly json?: true;
}

/** Adds `person factors <person> list|remove`. */
export function registerFactors(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('factors')
    .description('Lists or removes what a person proves themselves with beside a password.')
    .argument('<person>', 'id, e-mail address or username')
    .addArgument(new Argument('[action]', 'what to do').choices(['list', 'remove']).default('list'))
    .option('--passkey <id>', 'remove this passkey alone')
    .option('--json', 'print JSON')
    .action((who: string, action: 'list' | 'remove', flags: Flags) =>
      withRooms(open, async (rooms) => {
        const account = await findPerson(rooms.accounts, who);
        const text =
          action === 'list'
            ? await list(rooms, account.id, flags)
            : await remove(rooms, { id: account.id, name: nameOf(account), flags });
        rooms.print(text);
      }),
    );
}

async function list({ factors }: PeopleRooms, id: string, flags: Flags): Promise<string> {
  const [summary, devices, failures] = await Promise.all([
    factors.of(id),
    factors.devices.list(id),
    factors.failures(id),
  ]);
  if (flags.json) return json({ ...listed(summary, devices), failures });
  const rows = [...factorRows(summary), ...devices.map(deviceRow)];
  const shown =
    rows.length === 0
      ? 'Nothing beside a password.'
      : table(['KIND', 'ID', 'NAME', 'CREATED', 'LAST USED'], rows);
  return [shown, ...failures.map(failureWords)].join('\n');
}

function factorRows(summary: FactorSummary | undefined): readonly (readonly string[])[] {
  const { passkeys = [], totp, recoveryCodes = 0 } = summary ?? {};
  const used = (at: number | undefined): string => (at === undefined ? 'never' : instant(at));
  return [
    ...passkeys.map(({ id, name, createdAt, lastUsedAt }) => [
      'passkey',
      id,
      name,
      instant(createdAt),
      used(lastUsedAt),
    ]),
    ...(totp ? [['totp', '', '', instant(totp.createdAt), used(totp.lastUsedAt)]] : []),
    ...(recoveryCodes > 0 ? [['recovery_code', '', `${recoveryCodes} left`, '', '']] : []),
  ];
}

function deviceRow({ id, userAgent, createdAt, lastUsedAt }: RememberedDevice): readonly string[] {
  return ['remembered_device', id, userAgent ?? '', instant(createdAt), instant(lastUsedAt)];
}

/** Named one by one, so that a field that comes later is not printed by accident. */
function listed(
  summary: FactorSummary | undefined,
  devices: readonly RememberedDevice[],
): JsonObject {
  const { passkeys = [], totp, recoveryCodes = 0 } = summary ?? {};
  return {
    passkeys: passkeys.map(({ id, name, device, createdAt, lastUsedAt, backup, transports }) => ({
      id,
      name,
      device: device?.name ?? null,
      createdAt,
      lastUsedAt: lastUsedAt ?? null,
      backup,
      transports,
    })),
    totp: totp ? { createdAt: totp.createdAt, lastUsedAt: totp.lastUsedAt ?? null } : null,
    recoveryCodes,
    rememberedDevices: devices.map(({ id, userAgent, createdAt, lastUsedAt, expiresAt }) => ({
      id,
      userAgent: userAgent ?? null,
      createdAt,
      lastUsedAt,
      expiresAt,
    })),
  };
}

async function remove(
  rooms: PeopleRooms,
  { id, name, flags }: { readonly id: string; readonly name: string; readonly flags: Flags },
): Promise<string> {
  const removed = await removedOf(rooms, id, flags.passkey);
  if (flags.json) return json({ id, removed });
  if (removed.length === 0) return `${plain(name)} had nothing beside a password.`;
  const sessions =
    flags.passkey === undefined
      ? 'Every session and token of theirs was ended.'
      : 'Sessions go on: latchkey revoke person ends them.';
  return `Taken away of ${plain(name)}: ${removed.join(', ')}. ${sessions}`;
}

async function removedOf(
  rooms: PeopleRooms,
  id: string,
  passkey: string | undefined,
): Promise<readonly FactorKind[]> {
  if (passkey === undefined) return await removeFactors(rooms, id);
  if (await rooms.factors.passkeys.remove(id, passkey, CLI_ACTOR)) return ['passkey'];
  throw new NoSuchPasskey(
    `they have no passkey with the id "${plain(passkey)}": see person factors ... list`,
  );
}
