import { createHash } from 'node:crypto';
import type { Groups } from '../groups/groups.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { randomUuid } from '../runtime/random.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { claimsFor } from './attributes.ts';
import { USER_ADMIN_SCOPE } from './oauth.ts';
import { issuerOf } from './pool.ts';
import type { ClientOfPool } from './pools.ts';
import {
  callPreTokenGeneration,
  withChanges,
  type TokenSource,
} from './triggers/token-triggers.ts';
import type { Triggers } from './triggers/triggers.ts';
import { handlesOf, type Session } from './sessions.ts';
import { signToken } from './sign-token.ts';
import type { PoolUser } from './users.ts';

/** For whom tokens are made, and in which session. */
export interface TokensFor extends ClientOfPool {
  readonly user: PoolUser;
  readonly session: Session;
  /** What `revocation.stamp()` gave before user, client and session were read. */
  readonly mark: string;
  readonly origin: Origin;
  readonly grantType: string;
  /** When, as `PreTokenGeneration` is told. */
  readonly source: TokenSource;
  readonly clientMetadata?: JsonObject | undefined;
  /** Of the authorization request, for the ID token. */
  readonly nonce?: string | undefined;
}

/** What is made, by the names of the API. */
export interface IssuedTokens {
  readonly AccessToken: string;
  /** Left out where `openid` was not asked for. */
  readonly IdToken?: string;
  readonly ExpiresIn: number;
  readonly TokenType: string;
}

/**
 * Makes the access token and the ID token of a session, as applications of Cognito know them. `claim` is called once no trigger speaks
 * against it any more: what is used up by it is not lost to a refusal.
 *
 * @throws {CognitoException}
 */
export async function issueTokens(
  tokens: TokensFor,
  house: {
    readonly audit: Audit;
    readonly clock: Clock;
    readonly groups: Groups;
    readonly signingKeys: SigningKeys;
    readonly settings: { readonly endpoint: string };
    readonly triggers: Triggers;
  },
  claim: () => Promise<void> = async () => undefined,
): Promise<IssuedTokens> {
  const { client, user, session, origin, grantType } = tokens;
  const { clock, groups, audit, signingKeys, settings } = house;
  const asked = {
    groups: (await groups.rightsOf(user.account.id, {})).groups,
    scopes: session.hosted?.scopes ?? [USER_ADMIN_SCOPE],
  };
  const changes = await callPreTokenGeneration({ ...tokens, ...asked }, house.triggers);
  await claim();
  const { groups: memberOf, scopes } = changes ?? asked;
  const shared = {
    sub: user.account.id,
    ...(memberOf.length === 0 ? {} : { 'cognito:groups': memberOf }),
    iss: issuerOf(tokens.pool, settings.endpoint),
    origin_jti: session.id,
    event_id: randomUuid('Cognito token'),
    auth_time: session.authTime,
    iat: clock.now(),
  };
  const accessClaims = withChanges(accessTokenClaims(tokens, shared, scopes), changes?.access);
  const access = await signToken(accessClaims, signingKeys);
  const hasIdToken = session.hosted === undefined || scopes.includes('openid');
  audit.note({
    type: 'token.issued',
    grantType,
    kind: 'AccessToken',
    jti: accessClaims.jti,
    accountId: user.account.id,
    clientId: client.id,
    origin,
  });
  return {
    AccessToken: access,
    ...(hasIdToken && {
      IdToken: await signToken(
        withChanges(idTokenClaims(tokens, shared, access), changes?.id),
        signingKeys,
      ),
    }),
    ExpiresIn: client.accessTokenValidity,
    TokenType: 'Bearer',
  };
}

type SharedClaims = JsonObject & { readonly iat: number };

/** `client_id`, and `aud` only for a `resource`; the last three are ours, by which it can be taken back before it expires. */
function accessTokenClaims(
  { client, user, session, mark }: TokensFor,
  shared: SharedClaims,
  scopes: readonly string[],
): JsonObject & { readonly jti: string } {
  const { grantId, sessionUid } = handlesOf(session);
  const { resource } = session.hosted ?? {};
  return {
    ...shared,
    client_id: client.id,
    ...(resource !== undefined && { aud: resource }),
    token_use: 'access',
    scope: scopes.join(' '),
    ...(session.hosted !== undefined && { version: 2 }),
    exp: shared.iat + client.accessTokenValidity,
    jti: randomUuid('Cognito token'),
    username: user.row.username,
    gid: grantId,
    ...(sessionUid !== undefined && { sid: sessionUid }),
    rev: mark,
  };
}

function idTokenClaims(
  { client, user, session, nonce }: TokensFor,
  shared: SharedClaims,
  accessToken: string,
): JsonObject {
  return {
    ...claimsFor(user, client, session.hosted?.scopes),
    ...shared,
    aud: client.id,
    token_use: 'id',
    exp: shared.iat + client.idTokenValidity,
    jti: randomUuid('Cognito token'),
    'cognito:username': user.row.username,
    ...(nonce !== undefined && { nonce }),
    ...(session.hosted !== undefined && { at_hash: halfDigestOf(accessToken) }),
  };
}

/** OpenID Connect Core section 3.1.3.6. */
function halfDigestOf(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}
