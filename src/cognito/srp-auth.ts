import type { AuditEvent } from '../audit/audit.ts';
import { equalSecrets, fingerprint } from '../runtime/digest.ts';
import type { JsonObject } from '../runtime/json.ts';
import { conclude } from './conclude.ts';
import { CognitoException, incorrectCredentials, passwordResetRequired } from './exception.ts';
import type { AuthRequest } from './initiate-auth.ts';
import { parameter } from './parameters.ts';
import { awaitsPassword, userNotFound } from './password-auth.ts';
import { poolNameOf } from './pool.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { claimSignature } from './srp.ts';
import type { Handshake } from './srp-handshakes.ts';
import { callPreAuthentication } from './triggers/sign-in-triggers.ts';
import { directoryLogin, loginKeyOf, type PoolUser } from './users.ts';

/** Begins a handshake. Of somebody who is not there, or whose verifier is not, the answer looks alike. */
export async function beginSrp(request: AuthRequest, room: Room): Promise<JsonObject> {
  const { pool, client, parameters, clientMetadata } = request;
  const name = parameter(parameters, 'USERNAME');
  const A = parameter(parameters, 'SRP_A');
  const mark = room.revocation.stamp();
  const found = await room.users.find(pool, name);
  const user = found && (await room.samples.tryOut(found));
  const userId = user?.row.username ?? name;
  checkSecretHash(client, parameters['SECRET_HASH'], [name, userId]);
  if (user === undefined && !client.preventUserExistenceErrors) throw userNotFound();
  await callPreAuthentication({ pool, client, user, typed: name, clientMetadata }, room.triggers);
  const opened = await room.srpHandshakes.open({
    poolId: pool.id,
    clientId: client.id,
    userId,
    ...(user && { accountId: user.account.id }),
    passwordNumber: user?.row.password_number ?? 0,
    verifier: user && room.srpSecrets.of(user),
    A,
    mark,
  });
  return {
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeParameters: { ...opened, USERNAME: userId, USER_ID_FOR_SRP: userId },
  };
}

/** Ends a handshake by the client's proof of the password. */
export async function finishSrp(request: AuthRequest, room: Room): Promise<JsonObject> {
  const { pool, client, parameters, origin, clientMetadata } = request;
  const secretBlock = parameter(parameters, 'PASSWORD_CLAIM_SECRET_BLOCK');
  const handshake = await room.srpHandshakes.take(secretBlock);
  if (handshake === undefined || handshake.clientId !== client.id) throw incorrectCredentials();
  checkSecretHash(client, parameters['SECRET_HASH'], [handshake.userId]);
  const { accountId, passwordNumber, mark } = handshake;
  const user = accountId === undefined ? undefined : await room.users.byAccount(pool, accountId);
  const isRight =
    isProof({ handshake, secretBlock, request }, room) &&
    user?.row.password_number === passwordNumber &&
    user.account.state === 'active';
  await counted({ user, handshake, isRight, request }, room);
  if (awaitsPassword(user)) throw passwordResetRequired();
  if (user === undefined || !isRight) throw incorrectCredentials();
  const proven = { pool, client, user, mark, amr: ['pwd'], origin, clientMetadata };
  return await conclude(proven, room);
}

function isProof(
  shown: {
    readonly handshake: Handshake;
    readonly secretBlock: string;
    readonly request: AuthRequest;
  },
  { srpHandshakes: { srp } }: Room,
): boolean {
  const { handshake, secretBlock, request } = shown;
  const { A, b, B, verifier, userId } = handshake;
  const key = srp.signingKey({ A, keys: { b, B }, verifier });
  if (key === undefined) return false;
  const expected = claimSignature(key, {
    name: `${poolNameOf(request.pool)}${userId}`,
    secretBlock,
    timestamp: parameter(request.parameters, 'TIMESTAMP'),
  });
  return equalSecrets(expected, parameter(request.parameters, 'PASSWORD_CLAIM_SIGNATURE'));
}

/**
 * A proof is a guess at the password, and counts among those that are made in clear.
 *
 * @throws {CognitoException} beyond the limits: whether the proof was right is not told.
 */
async function counted(
  proof: {
    readonly user: PoolUser | undefined;
    readonly handshake: Handshake;
    readonly isRight: boolean;
    readonly request: AuthRequest;
  },
  room: Room,
): Promise<void> {
  const { user, handshake, isRight, request } = proof;
  const login =
    user === undefined
      ? `${request.pool.id}/${handshake.userId}`
      : loginKeyOf(directoryLogin(user.account));
  const leave = await room.throttle.admit({ login, address: request.origin.address });
  const failed = (reason: 'credentials' | 'throttled'): AuditEvent => ({
    type: 'sign_in.failed',
    reason,
    login: user === undefined ? `sha256:${fingerprint(login)}` : login,
    accountId: user?.account.id,
    clientId: request.client.id,
    origin: request.origin,
  });
  if (leave.kind === 'throttled') {
    if (leave.isFirst) await room.audit.record(failed('throttled'));
    throw new CognitoException('NotAuthorizedException', 'Password attempts exceeded');
  }
  if (isRight) await leave.succeeded();
  else await room.audit.record(failed('credentials'));
}
