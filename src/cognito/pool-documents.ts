import { Router } from '@koa/router';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { OIDC_SCOPES } from './oauth.ts';
import { issuerOf } from './pool.ts';
import type { Pools } from './pools.ts';
import { TOKEN_ALGORITHM } from './sign-token.ts';

/** What verifiers of a pool's tokens fetch: its key set, and its metadata (OpenID Connect Discovery section 4). */
export function createPoolDocuments({
  endpoint,
  pools,
  signingKeys,
}: {
  readonly endpoint: string;
  readonly pools: Pools;
  readonly signingKeys: Pick<SigningKeys, 'current' | 'jwksMaxAgeSeconds'>;
}): Router {
  const router = new Router({ sensitive: true, strict: true });
  router.use(async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Cache-Control', `public, max-age=${signingKeys.jwksMaxAgeSeconds()}`);
    await next();
  });
  return router
    .get('/:pool/.well-known/jwks.json', async (ctx) => {
      if ((await pools.find(ctx.params['pool'] ?? '')) === undefined) return;
      const keys = signingKeys
        .current()
        .keys.filter(({ algorithm }) => algorithm === TOKEN_ALGORITHM)
        .map(({ publicJwk }) => publicJwk);
      ctx.body = { keys };
    })
    .get('/:pool/.well-known/openid-configuration', async (ctx) => {
      const pool = await pools.find(ctx.params['pool'] ?? '');
      if (pool === undefined) return;
      ctx.body = {
        issuer: issuerOf(pool, endpoint),
        jwks_uri: `${endpoint}/${pool.id}/.well-known/jwks.json`,
        authorization_endpoint: `${endpoint}/oauth2/authorize`,
        token_endpoint: `${endpoint}/oauth2/token`,
        userinfo_endpoint: `${endpoint}/oauth2/userInfo`,
        revocation_endpoint: `${endpoint}/oauth2/revoke`,
        end_session_endpoint: `${endpoint}/logout`,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: ['S256'],
        id_token_signing_alg_values_supported: [TOKEN_ALGORITHM],
        response_types_supported: ['code'],
        scopes_supported: OIDC_SCOPES,
        subject_types_supported: ['public'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      };
    });
}
