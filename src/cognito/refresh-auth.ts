import { z } from 'zod';
import { equalSecrets } from '../runtime/digest.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException } from './exception.ts';
import type { AuthRequest } from './initiate-auth.ts';
import { issueTokens, type IssuedTokens } from './issue-tokens.ts';
import { operation, type Operation } from './operation.ts';
import { parameter } from './parameters.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import type { Session, Sessions } from './sessions.ts';

/** `REFRESH_TOKEN_AUTH`: for clients whose refresh tokens stay the same. */
export async function refreshAuth(request: AuthRequest, room: Room): Promise<JsonObject> {
  const { pool, client, parameters, origin } = request;
  if (client.rotateRefreshTokens)
    throw new CognitoException(
      'InvalidParameterException',
      'Refresh tokens of this client are rotated: use GetTokensFromRefreshToken',
    );
  const token = parameter(parameters, 'REFRESH_TOKEN');
  const shownHash = parameters['SECRET_HASH'];
  // The hash is over a name that only the session knows.
  return await refresh({ pool, client, token, origin }, room, (names) =>
    checkSecretHash(client, shownHash, names),
  );
}

/** `GetTokensFromRefreshToken`: what newer SDKs refresh by. */
export function getTokensFromRefreshToken(room: Room): Operation {
  const input = z.object({
    ClientId: z.string(),
    RefreshToken: z.string().min(1).max(4096),
    ClientSecret: z.string().nullish(),
    ClientMetadata: clientMetadata,
  });
  return operation(
    input,
    async ({ ClientId, RefreshToken: token, ClientSecret, ...given }, origin) => {
      const { pool, client } = await room.pools.client(ClientId);
      if (client.secret !== undefined && !equalSecrets(ClientSecret ?? '', client.secret))
        throw new CognitoException('NotAuthorizedException', 'Client secret is not correct');
      const shown = { pool, client, token, origin, clientMetadata: given.ClientMetadata };
      return await refresh(shown, room);
    },
  );
}

interface Refresh extends ClientOfPool {
  readonly token: string;
  readonly origin: Origin;
  readonly clientMetadata?: JsonObject | undefined;
}

async function refresh(
  request: Refresh,
  room: Room,
  checkNames?: (names: readonly string[]) => void,
): Promise<JsonObject> {
  const mark = room.revocation.stamp();
  const { tokens, next } = await refreshTokens({ ...request, mark }, room, checkNames);
  return {
    ChallengeParameters: {},
    AuthenticationResult: { ...tokens, ...(next !== undefined && { RefreshToken: next }) },
  };
}

/** What a refresh token is good for. */
interface Refreshed {
  readonly tokens: IssuedTokens;
  /** The next refresh token, where they are rotated. */
  readonly next: string | undefined;
}

/**
 * Takes a refresh token: `origin_jti` and `auth_time` of what is issued for it stay. One that is good once is used up when nothing
 * speaks against new tokens any more. `mark`: what `revocation.stamp()` gave before the client was read.
 *
 * @throws {CognitoException}
 */
export async function refreshTokens(
  { pool, client, token, origin, mark, clientMetadata: metadata }: Refresh & MarkedBy,
  room: Room,
  checkNames: (names: readonly string[]) => void = () => undefined,
): Promise<Refreshed> {
  const session = await room.sessions.byRefreshToken({ token, client, origin });
  const user = session && (await room.users.byAccount(pool, session.accountId));
  checkNames(user === undefined ? [] : [user.row.username, user.account.id, user.row.login_key]);
  if (session === undefined || user?.account.state !== 'active') throw invalidRefreshToken();
  const of = {
    pool,
    client,
    user,
    session,
    mark,
    origin,
    clientMetadata: metadata,
    source: 'TokenGeneration_RefreshTokens',
    grantType: 'refresh_token',
  } as const;
  let next: string | undefined;
  const tokens = await issueTokens(of, room, async () => {
    if (client.rotateRefreshTokens) next = await rotated(session, { token, client }, room);
  });
  return { tokens, next };
}

interface MarkedBy {
  readonly mark: string;
}

async function rotated(
  session: Session,
  shown: Parameters<Sessions['rotate']>[1],
  { sessions }: Room,
): Promise<string> {
  const next = await sessions.rotate(session, shown);
  if (next === undefined) throw invalidRefreshToken();
  return next;
}

function invalidRefreshToken(): CognitoException {
  return new CognitoException('NotAuthorizedException', 'Refresh Token has been revoked');
}
