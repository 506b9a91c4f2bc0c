import type { z } from 'zod';
import { InvalidAccount, type Account, type AccountChanges } from '../../accounts/accounts.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { Metadata } from '../user-metadata.ts';
import { userOf } from './find-user.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { claimsOf, shownNumber, userChangesBody } from './user-fields.ts';
import { usersOf } from './user-view.ts';

type Changes = z.output<typeof userChangesBody>;

/** What one request changes of one person. */
interface Change {
  readonly account: Account;
  readonly changes: Changes;
  readonly actor: Actor;
}

/** Fields that Auth0 takes one of at a time: each is refused for reasons of its own. */
const ALONE = ['password', 'email', 'email_verified', 'phone_verified', 'username'] as const;

/** `PATCH /users/{id}`: what is left out stays. Metadata is merged at its first level; an empty object empties it. What is refused has changed nothing. */
export function changeUser(room: ManagementRoom): ManagementRoute {
  return {
    method: 'patch',
    path: '/users/:id',
    scopes: ['update:users', 'update:users_app_metadata'],
    async run(call) {
      const account = await userOf(call, room);
      const changes = await call.body(userChangesBody);
      refuseTogether(changes);
      const change = { account, changes, actor: call.actor };
      await refuseUnfit(change, room);
      // First what may still be refused: at most one of the three is, and it writes all or nothing.
      await changePassword(change, room);
      await changeEmail(change, room);
      await changeNames(change, room);
      await changeMetadata(change, room);
      await changeBlocked(change, room);
      const [view] = await usersOf([await userOf(call, room)], room);
      return view;
    },
  };
}

/** @throws {ManagementProblem} */
function refuseTogether(changes: Changes): void {
  const given = ALONE.filter((name) => changes[name] !== undefined);
  const isOfEmail = given.every((name) => name === 'email' || name === 'email_verified');
  if (given.length < 2 || isOfEmail) return;
  throw new ManagementProblem(400, {
    message: `Cannot update ${given.join(' and ')} simultaneously`,
    errorCode: 'operation_not_supported',
  });
}

/** Before anything is written. @throws {InvalidAccount} {InvalidMetadata} */
async function refuseUnfit({ account, changes }: Change, room: ManagementRoom): Promise<void> {
  const identity = identityChanges({ account, changes });
  const problems = await room.accounts.checkUpdate(account.id, identity, 'operator');
  if (problems.length > 0) throw new InvalidAccount(problems);
  await room.metadata.check(account.id, await metadataChanges({ account, changes }, room));
}

async function changeNames(
  { account, changes, actor }: Change,
  { accounts }: ManagementRoom,
): Promise<void> {
  const { claims = {}, phone, username } = identityChanges({ account, changes });
  if (Object.keys(claims).length === 0 && username === undefined && phone === undefined) return;
  await accounts.update(account.id, { claims, phone, username }, { editor: 'operator', actor });
}

/** Whoever has shown a number to be theirs signs in by it. @throws {InvalidAccount} */
function identityChanges({
  account,
  changes,
}: Pick<Change, 'account' | 'changes'>): AccountChanges {
  const { username, phone_verified: isVerified } = changes;
  const number = changes.phone_number === undefined ? numberOf(account) : changes.phone_number;
  const isTakenBack = isVerified === false && typeof number === 'string';
  return {
    username,
    phone: shownNumber(number, isVerified),
    claims: { ...claimsOf(changes), ...(isTakenBack && { phone_number_verified: false }) },
  };
}

function numberOf({ claims: { phone_number: number } }: Account): string | undefined {
  return typeof number === 'string' ? number : undefined;
}

async function changePassword(
  { account, changes: { password }, actor }: Change,
  { accounts }: ManagementRoom,
): Promise<void> {
  if (password !== undefined) await accounts.setPassword(account.id, password, actor);
}

async function changeEmail(
  { account, changes, actor }: Change,
  { accounts }: ManagementRoom,
): Promise<void> {
  const { email: address = account.email, email_verified: given } = changes;
  const isOther = address !== account.email;
  const isVerified = given ?? (!isOther && account.emailVerified);
  if (address === undefined || (!isOther && isVerified === account.emailVerified)) return;
  await accounts.setEmail(account.id, { address, isVerified }, actor);
}

async function changeMetadata(change: Change, room: ManagementRoom): Promise<void> {
  const wanted = await metadataChanges(change, room);
  if (Object.keys(wanted).length > 0)
    await room.metadata.merge(change.account.id, wanted, change.actor);
}

async function metadataChanges(
  { account, changes }: Pick<Change, 'account' | 'changes'>,
  { metadata }: ManagementRoom,
): Promise<Partial<Metadata>> {
  const { user_metadata: user, app_metadata: app } = changes;
  if (user === undefined && app === undefined) return {};
  const before = await metadata.of(account.id);
  return {
    ...(user && { user: emptied(user, before.user) }),
    ...(app && { app: emptied(app, before.app) }),
  };
}

/** What merging takes to come to `wanted`, where an empty object stands for nothing at all. */
function emptied(wanted: JsonObject, before: JsonObject): JsonObject {
  if (Object.keys(wanted).length > 0) return wanted;
  return Object.fromEntries(Object.keys(before).map((name) => [name, null]));
}

/** Whoever is let in again is no longer locked, either. */
async function changeBlocked(
  { account, changes: { blocked }, actor }: Change,
  { accounts }: ManagementRoom,
): Promise<void> {
  if (blocked === undefined) return;
  if (blocked) {
    await accounts.disable(account.id, actor);
    return;
  }
  await accounts.enable(account.id, actor);
  if (account.state === 'locked') await accounts.unlock(account.id, actor);
}
