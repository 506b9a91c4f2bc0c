// A bare oidc-provider as its documentation builds it: keys, clients, a find-account function, a sign-in form with one
// Argon2id hash, and the store given on the command line. Prints its port when it listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hash, verify } from '@node-rs/argon2';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import { createRedisAdapter } from './redis-adapter.ts';
import { createSqliteAdapter } from './sqlite-adapter.ts';
import { registerTokenExchange } from './token-exchange.ts';

const [engine = '', place = '', clientsJson = '[]'] = process.argv.slice(2);
const API = 'https://api.example.com';
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const issuer = `http://127.0.0.1:${port}`;
const passwordHash = await hash('latchkey-dev', ARGON2);

const provider = new Provider(issuer, {
  adapter:
    engine === 'redis'
      ? createRedisAdapter(new Redis({ path: place }))
      : createSqliteAdapter(place),
  clients: JSON.parse(clientsJson),
  jwks: { keys: [await key('RS256'), await key('ES256')] },
  cookies: { keys: ['bench-cookie-key'] },
  routes: {
    authorization: '/authorize',
    introspection: '/introspect',
    revocation: '/revoke',
    userinfo: '/userinfo',
    jwks: '/.well-known/jwks.json',
    pushed_authorization_request: '/par',
    device_authorization: '/device/authorize',
  },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'read:messages'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    deviceFlow: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, indicator) => ({
        scope: 'read:messages',
        audience: API,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 900,
        jwt: { sign: { alg: indicator.endsWith('/rs256') ? 'RS256' : 'ES256' } },
      }),
    },
  },
  rotateRefreshToken: true,
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: 'alice@example.com', email_verified: true, name: 'Alice' }),
  }),
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
} satisfies Configuration);

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = '<form method="post"><input name="login"><input name="password"></form>';
    return;
  }
  if (prompt.name === 'login') {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (!(await verify(passwordHash, form.get('password') ?? ''))) ctx.throw(401);
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'alice' } });
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? '',
    clientId: String(params['client_id']),
  });
  grant.addOIDCScope(String(params['scope']));
  return provider.interactionFinished(ctx.req, ctx.res, {
    consent: { grantId: await grant.save() },
  });
});

registerTokenExchange(provider);

const handle = provider.callback();
server.on('request', (request, response) => void handle(request, response));
process.stdout.write(`${JSON.stringify({ port })}\n`);

async function key(alg: 'RS256' | 'ES256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `bench-${alg}` };
}
