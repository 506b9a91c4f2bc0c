import {
  AccountExists,
  InvalidAccount,
  type Account,
  type NewAccount,
} from '../accounts/accounts.ts';
import { fieldsIn, typedAttributes, typedText } from '../accounts/typed-attributes.ts';
import { DeclaredGroup, InvalidGroup } from '../groups/groups.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Room } from './room.ts';
import { actorOf, type FormVisit, type Visit } from './visit.ts';

/** What became of a form with somebody's details. */
export type Made =
  | { readonly kind: 'made'; readonly account: Account }
  /** The invitation was used meanwhile. */
  | { readonly kind: 'gone' }
  /** The address belongs to an account by now. */
  | { readonly kind: 'taken' };

/** The account of a form, but for its password. What an invitation says goes before what was typed. */
export async function readMember(visit: FormVisit, room: Room): Promise<NewAccount> {
  const { form, joining } = visit;
  const { terms } = room.settings;
  const typed = typedNames(form, room);
  const invitation = joining.invited?.invitation;
  return {
    email: addressOf(visit),
    emailVerified: true,
    username: (await invitedName(visit, room)) ?? typed.username,
    claims: { ...invitation?.claims, ...typed.claims },
    attributes: {
      ...withoutNulls(typedAttributes(askedAttributes(visit, room), form)),
      ...invitation?.attributes,
    },
    ...(terms && { terms: { version: terms.version, acceptedAt: room.clock.now() } }),
  };
}

/** The username of the invitation, unless somebody has it by now: nobody is kept out by that. */
export async function invitedName(
  { joining }: Visit,
  { accounts }: Room,
): Promise<string | undefined> {
  const username = joining.invited?.invitation.username;
  if (username === undefined) return undefined;
  return (await accounts.findByLogin(username)) === undefined ? username : undefined;
}

function typedNames(
  form: FormVisit['form'],
  { settings }: Room,
): { readonly username: string | undefined; readonly claims: JsonObject } {
  const { fields } = settings;
  const name = fields.name === 'off' ? null : typedText(form.get('name'));
  const username = fields.username === 'off' ? null : typedText(form.get('username'));
  return { username: username ?? undefined, claims: name === null ? {} : { name } };
}

/** Those that people fill in, as far as the invitation does not say them. What operators keep is not asked. */
export function askedAttributes({ joining }: Visit, { attributes }: Room): Room['attributes'] {
  const known = joining.invited?.invitation.attributes ?? {};
  return attributes.filter(
    ({ name, editableBy, required }) =>
      known[name] === undefined &&
      (editableBy === 'person' || (required && joining.invited !== undefined)),
  );
}

/** The address that the account will have: proven by the code, or by the letter that the invitation came with. */
export function addressOf({ joining }: Visit): string {
  const address = joining.invited?.invitation.email ?? joining.data.address;
  if (address === undefined) throw new TypeError('details of nobody');
  return address;
}

/** Names of fields that cannot be as they are; `taken`: the username is somebody's. */
export async function wrongFields(
  { form }: FormVisit,
  member: NewAccount,
  { accounts, settings }: Room,
): Promise<readonly string[]> {
  const { fields, terms } = settings;
  const { username } = member;
  const problems = await accounts.check(member);
  const isTaken = username !== undefined && (await accounts.findByLogin(username)) !== undefined;
  return [
    ...fieldsIn(problems).filter((field) => field !== 'email'),
    ...(isTaken ? ['username', 'taken'] : []),
    ...(fields.name === 'required' && member.claims?.['name'] === undefined ? ['name'] : []),
    ...(fields.username === 'required' && username === undefined ? ['username'] : []),
    ...(terms !== undefined && form.get('terms') !== 'yes' ? ['terms'] : []),
  ];
}

/** Makes the account, once: of an address that is taken there is none, and an invitation is used up. */
export async function makeMember(visit: FormVisit, member: NewAccount, room: Room): Promise<Made> {
  const { accounts, tickets } = room;
  const { invited } = visit.joining;
  if ((await accounts.findByLogin(addressOf(visit))) !== undefined) return { kind: 'taken' };
  if (invited && (await tickets.use('invitation', invited.token)) === undefined)
    return { kind: 'gone' };
  try {
    const account = await accounts.create(member, actorOf(visit));
    await giveInvited(visit, account, room);
    return { kind: 'made', account };
  } catch (error) {
    // Somebody else took the address or the name in this moment.
    if (error instanceof AccountExists || error instanceof InvalidAccount) return { kind: 'taken' };
    throw error;
  }
}

/** Groups and roles that the invitation gives: one that is gone meanwhile keeps nobody out. */
async function giveInvited(visit: Visit, { id }: Account, { groups, logger }: Room): Promise<void> {
  const { groups: names = [], roles = [] } = visit.joining.invited?.invitation ?? {};
  const holder = { kind: 'account', id } as const;
  const actor = actorOf(visit);
  for (const group of names) {
    const error = await unfit(groups.add(group, holder, actor));
    if (error === undefined) continue;
    const fields = { event: 'joining.group_failed', group, accountId: id, error };
    logger.warn(fields, 'somebody who was invited could not be put into a group');
  }
  for (const { api, name } of roles) {
    const error = await unfit(groups.roles.give({ api, name }, holder, actor));
    if (error === undefined) continue;
    const fields = { event: 'joining.role_failed', role: name, api, accountId: id, error };
    logger.warn(fields, 'somebody who was invited could not be given a role');
  }
}

/** Why a group or a role cannot be given. */
async function unfit(given: Promise<boolean>): Promise<InvalidGroup | DeclaredGroup | undefined> {
  try {
    await given;
    return undefined;
  } catch (error) {
    if (error instanceof InvalidGroup || error instanceof DeclaredGroup) return error;
    throw error;
  }
}

function withoutNulls(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
