import type { Command } from 'commander';
import type { Account, ReachedLimit } from '../accounts/accounts.ts';
import type { FactorFailures, FactorSummary } from '../factors/factors.ts';
import type { JsonObject } from '../runtime/json.ts';
import { factsOf, findPerson, shown } from './find-person.ts';
import { failureWords, limitJson, limitWords } from './limit-words.ts';
import { fields, instant, json, type Output } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { withRooms, type OpenRooms } from './rooms.ts';

interface Flags {
  readonly json?: true;
}

/** What there is to see of one person. */
interface Seen {
  readonly account: Account;
  readonly factors: FactorSummary | undefined;
  readonly groups: readonly string[];
  readonly limits: readonly ReachedLimit[];
  readonly failures: readonly FactorFailures[];
}

/** Adds `person show`. */
export function registerShow(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('show')
    .description('Shows a person: state, ways to sign in, groups, limits reached.')
    .argument('<person>', 'id, e-mail address or username')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const seen = await see(rooms, who);
        rooms.print(flags.json ? json(seenJson(seen)) : fields(lines(seen)));
      }),
    );
}

async function see(rooms: PeopleRooms & Output, who: string): Promise<Seen> {
  const account = await findPerson(rooms.accounts, who);
  const [factors, held, limits, failures] = await Promise.all([
    rooms.factors.of(account.id),
    rooms.groups.held(account.id),
    rooms.accounts.limits(account.id),
    rooms.factors.failures(account.id),
  ]);
  return { account, factors, groups: held.rights({}).groups, limits, failures };
}

function lines(seen: Seen): readonly (readonly [string, string | undefined])[] {
  const { account, groups, limits, failures } = seen;
  const { terms, mustChangePassword } = account;
  return [
    ...factsOf(account),
    ['e-mail verified', account.email === undefined ? undefined : yesNo(account.emailVerified)],
    ['signs in by', waysOf(seen).join(', ') || 'nothing yet'],
    ['must change', mustChangePassword ? 'their password at the next sign-in' : undefined],
    ['groups', groups.join(', ')],
    ['terms', terms && `${terms.version}, accepted ${instant(terms.acceptedAt)}`],
    ...limits.map((limit) => ['failures', limitWords(limit)] as const),
    ...failures.map((failure) => ['failures', failureWords(failure)] as const),
  ];
}

function waysOf({ account, factors }: Seen): readonly string[] {
  const { passkeys = [], totp, recoveryCodes = 0 } = factors ?? {};
  return [
    ...(account.hasPassword ? ['password'] : []),
    ...passkeys.map(({ name }) => `passkey "${name}"`),
    ...(totp ? ['authenticator app'] : []),
    ...(recoveryCodes > 0 ? [`${recoveryCodes} recovery codes`] : []),
  ];
}

function yesNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

function seenJson({ account, factors, groups, limits, failures }: Seen): JsonObject {
  const { passkeys = [], totp, recoveryCodes = 0 } = factors ?? {};
  return {
    ...shown(account),
    factors: {
      passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
        id,
        name,
        createdAt,
        lastUsedAt: lastUsedAt ?? null,
      })),
      totp: totp !== undefined,
      recoveryCodes,
    },
    groups,
    limits: limits.map(limitJson),
    failures: failures.map((failure) => ({ ...failure })),
  };
}
