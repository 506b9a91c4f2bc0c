import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { missingAttributes } from './attribute-rules.ts';
import { attributeList, claimsOf } from './attributes.ts';
import type { ChallengeName } from './challenges.ts';
import { CognitoException, incorrectCredentials, passwordResetRequired } from './exception.ts';
import { issueTokens } from './issue-tokens.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import { callPostAuthentication } from './triggers/sign-in-triggers.ts';
import type { TokenSource } from './triggers/token-triggers.ts';
import type { PoolUser } from './users.ts';

/** A user who has proven something. */
export interface Proven extends ClientOfPool {
  readonly user: PoolUser;
  /** What `revocation.stamp()` gave before the user was read. */
  readonly mark: string;
  /** How (RFC 8176). */
  readonly amr: readonly string[];
  readonly origin: Origin;
  /** When, as `PreTokenGeneration` is told; left out: at a sign-in like others. */
  readonly source?: TokenSource;
  readonly clientMetadata?: JsonObject | undefined;
}

/**
 * What a proof leads to: the next challenge, or tokens.
 *
 * @throws {CognitoException} for users who may not sign in yet.
 */
export async function conclude(proven: Proven, room: Room): Promise<JsonObject> {
  const { user } = proven;
  if (user.account.state !== 'active') throw incorrectCredentials();
  if (user.row.status === 'UNCONFIRMED')
    throw new CognitoException('UserNotConfirmedException', 'User is not confirmed.');
  if (user.row.status === 'RESET_REQUIRED') throw passwordResetRequired();
  const challenge = await challengeFor(proven, room);
  if (challenge !== undefined) return await ask(challenge, proven, room);
  return await signedIn(proven, room);
}

async function challengeFor(
  { pool, user, amr }: Proven,
  { factors }: Room,
): Promise<ChallengeName | undefined> {
  if (user.account.mustChangePassword) return 'NEW_PASSWORD_REQUIRED';
  if (pool.mfa === 'off' || amr.includes('otp')) return undefined;
  const has = await factors.of(user.account.id, user.account);
  if (has?.totp === undefined) return pool.mfa === 'on' ? 'MFA_SETUP' : undefined;
  return pool.mfa === 'on' || user.row.software_token !== 0 ? 'SOFTWARE_TOKEN_MFA' : undefined;
}

async function ask(name: ChallengeName, proven: Proven, room: Room): Promise<JsonObject> {
  const { pool, client, user, mark, amr } = proven;
  const session = await room.challenges.open({
    name,
    poolId: pool.id,
    clientId: client.id,
    accountId: user.account.id,
    mark,
    amr: [...amr],
  });
  return {
    ChallengeName: name,
    Session: session,
    ChallengeParameters: { USER_ID_FOR_SRP: user.row.username, ...parametersOf(name, user) },
  };
}

/** Lists and objects are texts here, as SDKs expect. */
function parametersOf(name: ChallengeName, user: PoolUser): JsonObject {
  switch (name) {
    case 'NEW_PASSWORD_REQUIRED': {
      const attributes = attributeList(user).filter(({ Name }) => Name !== 'sub');
      return {
        requiredAttributes: JSON.stringify(
          missingAttributes(user.pool, claimsOf(user)).map(
            (missing) => `userAttributes.${missing}`,
          ),
        ),
        userAttributes: JSON.stringify(
          Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value])),
        ),
      };
    }
    case 'SOFTWARE_TOKEN_MFA':
      return { FRIENDLY_DEVICE_NAME: '' };
    case 'MFA_SETUP':
      return { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' };
  }
}

async function signedIn(proven: Proven, room: Room): Promise<JsonObject> {
  const { client, user, amr, origin } = proven;
  await callPostAuthentication(proven, room.triggers);
  const { session, refreshToken } = await room.sessions.begin(proven);
  const { source = 'TokenGeneration_Authentication' } = proven;
  const tokens = await issueTokens(
    { ...proven, session, source, grantType: 'cognito_sign_in' },
    room,
  );
  await room.audit.record({
    type: 'sign_in.succeeded',
    amr,
    accountId: user.account.id,
    clientId: client.id,
    origin,
  });
  return {
    ChallengeParameters: {},
    AuthenticationResult: { ...tokens, RefreshToken: refreshToken },
  };
}
