import { originOf } from '../../http/page.ts';
import { randomUuid } from '../../runtime/random.ts';
import { STANDARD_SCOPES } from '../oauth.ts';
import { issuerOf, type PoolClient } from '../pool.ts';
import type { Room } from '../room.ts';
import { signToken } from '../sign-token.ts';
import { callClientTokenGeneration, withChanges } from '../triggers/token-triggers.ts';
import { OAuthProblem } from './problem.ts';
import type { TokenRequest } from './token.ts';

/**
 * A client's own access token (RFC 6749 section 4.4), for scopes of resource servers; `rev` is ours.
 *
 * @throws {OAuthProblem}
 */
export async function issueClientToken(
  { ctx, form, pool, client, mark }: TokenRequest,
  { audit, clock, settings, signingKeys, triggers }: Room,
): Promise<object> {
  if (client.secret === undefined || !client.oauth.flows.includes('client_credentials'))
    throw new OAuthProblem('unauthorized_client', 'the client may not use this grant type');
  const now = clock.now();
  const jti = randomUuid('Cognito token');
  const asked = scopesOf(form.get('scope'), client);
  const changes = await callClientTokenGeneration({ pool, client, scopes: asked }, triggers);
  const claims = withChanges(
    {
      sub: client.id,
      token_use: 'access',
      scope: (changes?.scopes ?? asked).join(' '),
      auth_time: now,
      iss: issuerOf(pool, settings.endpoint),
      exp: now + client.accessTokenValidity,
      iat: now,
      version: 2,
      jti,
      client_id: client.id,
      rev: mark,
    },
    changes?.access,
  );
  audit.note({
    type: 'token.issued',
    grantType: 'client_credentials',
    kind: 'AccessToken',
    jti,
    accountId: undefined,
    clientId: client.id,
    origin: originOf(ctx),
  });
  return {
    access_token: await signToken(claims, signingKeys),
    expires_in: client.accessTokenValidity,
    token_type: 'Bearer',
  };
}

/** Those of people are none of a client's. Who names none gets all. */
function scopesOf(asked: string | undefined, { oauth }: PoolClient): readonly string[] {
  const own = oauth.scopes.filter((scope) => !STANDARD_SCOPES.includes(scope));
  const names = asked?.split(' ').filter(Boolean) ?? [];
  if (names.some((name) => !own.includes(name)) || own.length === 0)
    throw new OAuthProblem('invalid_scope', 'the client may not have this scope');
  return names.length === 0 ? own : names;
}
