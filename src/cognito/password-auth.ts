import type { PasswordOutcome } from '../accounts/accounts.ts';
import type { JsonObject } from '../runtime/json.ts';
import { conclude } from './conclude.ts';
import { CognitoException, incorrectCredentials, passwordResetRequired } from './exception.ts';
import type { AuthRequest } from './initiate-auth.ts';
import { migrateUser } from './migrate-user.ts';
import { parameter } from './parameters.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { callPreAuthentication } from './triggers/sign-in-triggers.ts';
import { directoryLogin, type PoolUser } from './users.ts';

/** A name and a password in clear, by the way of every sign-in of the house: counted, and of one cost. */
export async function passwordAuth(request: AuthRequest, room: Room): Promise<JsonObject> {
  const { pool, client, origin, parameters, clientMetadata } = request;
  const name = parameter(parameters, 'USERNAME');
  const password = parameter(parameters, 'PASSWORD');
  const mark = room.revocation.stamp();
  const known = await room.users.find(pool, name);
  const names = [name, ...(known ? [known.row.username] : [])];
  checkSecretHash(client, parameters['SECRET_HASH'], names);
  const source = 'UserMigration_Authentication';
  const stranger = { pool, client, typed: name, password, clientMetadata, origin, source } as const;
  const user = known ?? (await migrateUser(stranger, room));
  if (user === undefined && !client.preventUserExistenceErrors) throw userNotFound();
  await callPreAuthentication({ pool, client, user, typed: name, clientMetadata }, room.triggers);
  const outcome = await room.accounts.verifyPassword({
    // A name that nobody of this pool has costs the same, and must not be taken for somebody else's in the directory.
    login: user === undefined ? `${pool.id}/${name}` : directoryLogin(user.account),
    password,
    origin,
    clientId: client.id,
  });
  if (user === undefined) throw refusal(outcome);
  if (outcome.kind === 'refused' && awaitsPassword(user)) throw passwordResetRequired();
  if (outcome.kind !== 'verified') throw refusal(outcome);
  await keepVerifier(user, password, room);
  return await conclude({ pool, client, user, mark, amr: ['pwd'], origin }, room);
}

/** The same words for whoever asks about a name that is nobody's. */
export function userNotFound(): CognitoException {
  return new CognitoException('UserNotFoundException', 'User does not exist.');
}

/** Whoever was imported has no password to be right about: applications lead them to set one, as at AWS. */
export function awaitsPassword(user: PoolUser | undefined): boolean {
  if (user?.row.status !== 'RESET_REQUIRED') return false;
  return user.account.state === 'active' && !user.account.hasPassword;
}

async function keepVerifier(user: PoolUser, password: string, { srpSecrets }: Room): Promise<void> {
  if (srpSecrets.of(user) === undefined) await srpSecrets.keep(user, password);
}

function refusal({ kind }: PasswordOutcome): CognitoException {
  if (kind === 'throttled')
    return new CognitoException('NotAuthorizedException', 'Password attempts exceeded');
  if (kind === 'busy') return new CognitoException('TooManyRequestsException', 'Too many requests');
  return incorrectCredentials();
}
