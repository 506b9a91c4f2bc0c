import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { missingAttributes } from './attribute-rules.ts';
import { attributeList, claimsOf, mayRead } from './attributes.ts';
import type { ChallengeName } from './challenges.ts';
import { CognitoException, incorrectCredentials, passwordResetRequired } from './exception.ts';
import { issueTokens } from './issue-tokens.ts';
import { addressOf, mfaOf, offers, type HeardFactor } from './mfa.ts';
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
  if (challenge !== undefined) return await askFor(challenge, proven, room);
  return await signedIn(proven, room);
}

async function challengeFor(
  { pool, user, amr }: Proven,
  { factors }: Room,
): Promise<ChallengeName | undefined> {
  if (user.account.mustChangePassword) return 'NEW_PASSWORD_REQUIRED';
  if (pool.mfa === 'off' || amr.includes('otp')) return undefined;
  const { names, preferred } = await mfaOf(user, factors);
  if (names.length > 0) return preferred ?? 'SELECT_MFA_TYPE';
  if (pool.mfa === 'optional') return undefined;
  if (offers(pool, 'app')) return 'MFA_SETUP';
  throw new CognitoException(
    'NotAuthorizedException',
    'MFA is required, and the user has no verified email or phone_number.',
  );
}

/** Opens a challenge, and sends the letter that belongs to it. */
export async function askFor(name: ChallengeName, proven: Proven, room: Room): Promise<JsonObject> {
  const { pool, client, user, mark, amr } = proven;
  const fields = { name, poolId: pool.id, clientId: client.id, mark, amr: [...amr] };
  const session = await room.challenges.open(
    { ...fields, accountId: user.account.id },
    client.authSessionValidity,
  );
  const parameters =
    name === 'EMAIL_OTP' || name === 'SMS_MFA'
      ? await sendCode(proven, { name, session }, room)
      : await parametersOf(name, proven, room);
  return {
    ChallengeName: name,
    Session: session,
    ChallengeParameters: { USER_ID_FOR_SRP: user.row.username, ...parameters },
  };
}

async function sendCode(
  { user, client, origin, clientMetadata }: Proven,
  { name, session }: { readonly name: HeardFactor; readonly session: string },
  { letters }: Room,
): Promise<JsonObject> {
  const address = addressOf(user, name);
  const occasion = { source: 'Authentication', clientId: client.id, clientMetadata } as const;
  const ask = { user, address, session, origin, occasion, clientName: client.name };
  const { Destination, DeliveryMedium } = await letters.send({ ...ask, purpose: 'sign-in' });
  return {
    CODE_DELIVERY_DELIVERY_MEDIUM: DeliveryMedium ?? '',
    CODE_DELIVERY_DESTINATION: Destination ?? '',
  };
}

/** Lists and objects are texts here, as SDKs expect. */
async function parametersOf(
  name: Exclude<ChallengeName, HeardFactor>,
  proven: Proven,
  { factors }: Room,
): Promise<JsonObject> {
  switch (name) {
    case 'NEW_PASSWORD_REQUIRED':
      return newPasswordParameters(proven);
    case 'SOFTWARE_TOKEN_MFA':
      return { FRIENDLY_DEVICE_NAME: '' };
    case 'SELECT_MFA_TYPE':
      return { MFAS_CAN_CHOOSE: JSON.stringify((await mfaOf(proven.user, factors)).names) };
    case 'MFA_SETUP':
      return { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' };
  }
}

function newPasswordParameters({ user, client }: Proven): JsonObject {
  const attributes = attributeList(user).filter(
    ({ Name }) => Name !== 'sub' && mayRead(client, Name),
  );
  const missing = missingAttributes(user.pool, claimsOf(user));
  return {
    requiredAttributes: JSON.stringify(missing.map((name) => `userAttributes.${name}`)),
    userAttributes: JSON.stringify(
      Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value])),
    ),
  };
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
