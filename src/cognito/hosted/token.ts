import type { Context } from 'koa';
import { readForm } from '../../http/form.ts';
import { originOf } from '../../http/page.ts';
import type { Codes } from '../../provider/contract.ts';
import { issueTokens, type IssuedTokens } from '../issue-tokens.ts';
import type { ClientOfPool } from '../pools.ts';
import { refreshTokens } from '../refresh-auth.ts';
import type { Room } from '../room.ts';
import { callPostAuthentication, callPreAuthentication } from '../triggers/sign-in-triggers.ts';
import type { Triggers } from '../triggers/triggers.ts';
import type { PoolUser } from '../users.ts';
import { issueClientToken } from './client-token.ts';
import { proveClient, type Form } from './client-proof.ts';
import { OAuthProblem } from './problem.ts';

/** One request, whose client has proved itself. */
export interface TokenRequest extends ClientOfPool {
  readonly ctx: Context;
  readonly form: Form;
  /** What `revocation.stamp()` gave before the client was read. */
  readonly mark: string;
}

/**
 * `POST /oauth2/token` (RFC 6749 section 3.2): tokens as the JSON API makes them.
 *
 * @throws {OAuthProblem}
 */
export async function answerToken(
  ctx: Context,
  house: { readonly room: Room; readonly codes: Codes },
): Promise<object> {
  const { room, codes } = house;
  const mark = room.revocation.stamp();
  const form = await readForm(ctx);
  const request = { ctx, form, mark, ...(await proveClient(ctx, form, room.pools)) };
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return await byCode(request, codes, room);
    case 'refresh_token':
      return await byRefreshToken(request, room);
    case 'client_credentials':
      return await issueClientToken(request, room);
    case undefined:
      throw new OAuthProblem('invalid_request', 'grant_type is missing');
    default:
      throw new OAuthProblem('unsupported_grant_type', 'this grant type is not known here');
  }
}

async function byCode(request: TokenRequest, codes: Codes, room: Room): Promise<object> {
  const { ctx, form, pool, client, mark } = request;
  if (!client.oauth.flows.includes('code'))
    throw new OAuthProblem('unauthorized_client', 'the client may not use this grant type');
  const redeemed = await codes.redeem(ctx, {
    code: required(form, 'code'),
    clientId: client.id,
    redirectUri: redirectUriIn(request),
    codeVerifier: form.get('code_verifier'),
  });
  const user = redeemed && (await room.users.byAccount(pool, redeemed.accountId));
  if (redeemed === undefined || user?.account.state !== 'active')
    throw new OAuthProblem('invalid_grant', 'the code is not good for this client');
  await callSignInTriggers({ pool, client, user }, room.triggers);
  const { grantId, sessionUid, authTime, nonce, resource } = redeemed;
  const isBound = resource !== undefined && resource !== room.settings.endpoint;
  const { session, refreshToken } = await room.sessions.begin({
    pool,
    client,
    user,
    mark,
    authTime,
    hosted: {
      grantId,
      ...(sessionUid !== undefined && { sessionUid }),
      scopes: [...redeemed.scopes],
      ...(isBound && { resource }),
    },
  });
  const tokens = { pool, client, user, session, mark, nonce, origin: originOf(ctx) };
  const how = {
    source: 'TokenGeneration_HostedAuth',
    grantType: 'authorization_code',
  } as const;
  return answerOf(await issueTokens({ ...tokens, ...how }, room), refreshToken);
}

/** Whoever named none before need not name it here (RFC 6749 section 4.1.3). */
function redirectUriIn({ form, client }: TokenRequest): string {
  const { defaultRedirectUri } = client.oauth;
  const isNamed = (form.get('redirect_uri') ?? '') !== '';
  return isNamed || defaultRedirectUri === undefined
    ? required(form, 'redirect_uri')
    : defaultRedirectUri;
}

/** The pages know nothing of triggers: whom these refuse is let in there, and gets no tokens. */
async function callSignInTriggers(
  signedIn: ClientOfPool & { readonly user: PoolUser },
  triggers: Triggers,
): Promise<void> {
  const asked = { ...signedIn, typed: signedIn.user.row.username, clientMetadata: undefined };
  await callPreAuthentication(asked, triggers);
  await callPostAuthentication(asked, triggers);
}

function answerOf(
  { AccessToken, IdToken, ExpiresIn, TokenType }: IssuedTokens,
  refreshToken: string | undefined,
): object {
  return {
    ...(IdToken !== undefined && { id_token: IdToken }),
    access_token: AccessToken,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    expires_in: ExpiresIn,
    token_type: TokenType,
  };
}

/** Of the JSON API, too: both know the same. Another is in the answer only where they are rotated. */
async function byRefreshToken(request: TokenRequest, room: Room): Promise<object> {
  const { ctx, form, pool, client, mark } = request;
  const token = required(form, 'refresh_token');
  const shown = { pool, client, token, origin: originOf(ctx), mark };
  const { tokens, next } = await refreshTokens(shown, room);
  return answerOf(tokens, next);
}

function required(form: Form, name: string): string {
  const value = form.get(name) ?? '';
  if (value !== '') return value;
  throw new OAuthProblem('invalid_request', `${name} is missing`);
}
