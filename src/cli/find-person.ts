import type { Account, Accounts } from '../accounts/accounts.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import { fields, instant, json, plain } from './output.ts';
import type { CommandRooms } from './rooms.ts';

/** Nobody has this id, e-mail address or username. */
class NoSuchPerson extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_PERSON';
}

/** The person with this id, e-mail address or username. @throws {NoSuchPerson} */
export async function findPerson(accounts: Accounts, who: string): Promise<Account> {
  const account = (await accounts.find(who)) ?? (await accounts.findByLogin(who));
  if (account) return account;
  throw new NoSuchPerson(
    `nobody has the id, e-mail address or username "${plain(who)}": see latchkey person list`,
  );
}

/** @throws {NoSuchPerson} when `change` found nobody any more. */
export async function done(change: Promise<boolean>, who: string): Promise<void> {
  if (await change) return;
  throw new NoSuchPerson(`"${plain(who)}" was deleted meanwhile: nothing was changed`);
}

/** What the person is now: read again, since a change gives only a yes. */
export async function result(
  { accounts }: CommandRooms,
  id: string,
  flags: { readonly json?: true },
  what: string,
): Promise<string> {
  const account = await accounts.find(id);
  if (!account) throw new NoSuchPerson(`${plain(id)} was deleted meanwhile`);
  if (flags.json) return json(shown(account));
  return `${plain(nameOf(account))} ${what}.\n\n${fields(factsOf(account))}`;
}

/** What a person is called by operators. */
export function nameOf({ email, username, phone, id }: Account): string {
  return email ?? username ?? phone ?? id;
}

/** What is told of a person in lines. */
export function factsOf(account: Account): readonly (readonly [string, string | undefined])[] {
  const { expiresAt } = account;
  return [
    ['id', account.id],
    ['e-mail', account.email],
    ['username', account.username],
    ['phone', account.phone],
    ['state', stateOf(account)],
    ['expires', expiresAt === undefined ? undefined : instant(expiresAt)],
    ['created', instant(account.createdAt)],
  ];
}

/** Active people are told by what they are. */
export function stateOf({ state, owner }: Account): string {
  if (state !== 'active') return state;
  return owner ? 'owner' : 'active';
}

/** Named one by one, so that a field that comes later is not printed by accident. */
export function shown(account: Account): JsonObject {
  const { terms } = account;
  return {
    id: account.id,
    email: account.email ?? null,
    emailVerified: account.emailVerified,
    phone: account.phone ?? null,
    username: account.username ?? null,
    owner: account.owner,
    state: account.state,
    expiresAt: account.expiresAt ?? null,
    hasPassword: account.hasPassword,
    mustChangePassword: account.mustChangePassword,
    terms: terms ? { version: terms.version, acceptedAt: terms.acceptedAt } : null,
    claims: account.claims,
    attributes: account.attributes,
    createdAt: account.createdAt,
    updatedAt: account.updatedAt,
  };
}
