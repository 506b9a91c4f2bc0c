import { expect, test } from 'vitest';
import { banner } from '../../../src/dev/banner.ts';
import { settingsSchema } from '../../../src/settings.ts';

const SECRET = 'latchkey-dev-secret-not-for-production-0003';
const POOL = { id: 'us-east-1_Dev00001', clients: [{ id: 'app1' }] };

const API = { identifier: 'api', name: 'API', scopes: [{ name: 'read', description: 'Read' }] };

/** Where the settings are wrong, from the top of the configuration. */
function wrong(cognito: object, others: object = {}): readonly string[] {
  const settings = { profile: 'dev', issuer: 'http://localhost:4000', ...others, cognito };
  const { error } = settingsSchema.safeParse(settings);
  return (error?.issues ?? []).map(({ path }) => path.join('.'));
}

test('a pool needs no more than an id, and a client no more than another', () => {
  expect(wrong({ enabled: true, pools: [POOL] })).toEqual([]);
});

test.each<[string, object]>([
  ['pools.0.id', { ...POOL, id: 'local_1' }],
  ['pools.0.id', { ...POOL, id: `us-east-1_${'a'.repeat(50)}` }],
  [
    'pools.0.clients.0.accessTokenValidity',
    { ...POOL, clients: [{ id: 'a', accessTokenValidity: '2d' }] },
  ],
  ['pools.0.clients.0.idTokenValidity', { ...POOL, clients: [{ id: 'a', idTokenValidity: '1m' }] }],
  [
    'pools.0.clients.0.refreshTokenValidity',
    { ...POOL, clients: [{ id: 'a', refreshTokenValidity: '365d' }] },
  ],
  [
    'pools.0.clients.0.authSessionValidity',
    { ...POOL, clients: [{ id: 'a', authSessionValidity: '16m' }] },
  ],
  ['pools.0.clients.0.rotationGrace', { ...POOL, clients: [{ id: 'a', rotationGrace: '61s' }] }],
  [
    'pools.0.clients.0.secretInClear',
    { ...POOL, clients: [{ id: 'a', secretInClear: SECRET, secret: { env: 'X' } }] },
  ],
  ['pools', { ...POOL, clients: [{ id: 'a' }, { id: 'a' }] }],
  ['pools.0.domains.0.name', { ...POOL, domains: [{ name: 'My App' }] }],
  ['pools.0.domains.1', { ...POOL, domains: [{ name: 'one' }, { name: 'two' }] }],
  [
    'pools.0.resourceServers.0.identifier',
    { ...POOL, resourceServers: [{ ...API, identifier: 'a b' }] },
  ],
  ['pools.0.resourceServers.1.identifier', { ...POOL, resourceServers: [API, API] }],
  [
    'pools.0.resourceServers.0.scopes.0.name',
    { ...POOL, resourceServers: [{ ...API, scopes: [{ name: 'a/b', description: 'x' }] }] },
  ],
  [
    'pools.0.clients.0.oauth.defaultRedirectUri',
    {
      ...POOL,
      clients: [{ id: 'a', oauth: { defaultRedirectUri: 'https://app.example.com/' } }],
    },
  ],
  [
    'pools.0.clients.0.oauth.scopes.1',
    {
      ...POOL,
      resourceServers: [API],
      clients: [{ id: 'a', oauth: { scopes: ['api/read', 'api/write'] } }],
    },
  ],
])('%s is refused as in %j', (path, pool) => {
  expect(wrong({ enabled: true, pools: [pool] })).toContain(`cognito.${path}`);
});

test('outside of the dev profile nothing lies open', () => {
  const clients = [{ id: 'app1', secretInClear: SECRET }];
  const open = { enabled: true, signatures: { mode: 'accept' }, pools: [{ ...POOL, clients }] };
  const production = { profile: 'production', issuer: 'https://id.example.com' };
  expect(wrong(open, production)).toEqual([
    'cognito.endpoint',
    'cognito.signatures.mode',
    'cognito.pools.0.clients.0.secretInClear',
  ]);
});

test('a certificate of the local authority is for developers, and for an https endpoint', () => {
  const tls = { from: 'dev-ca' };
  const production = { profile: 'production', issuer: 'https://id.example.com' };
  expect(wrong({ enabled: true, tls })).toEqual(['cognito.endpoint']);
  const endpoint = 'https://cognito.example.com';
  expect(wrong({ enabled: true, endpoint, tls })).toEqual([]);
  expect(wrong({ enabled: true, endpoint, tls }, production)).toContain('cognito.tls.from');
});

test('without a ring of RS256 there are no tokens of pools', () => {
  const signingKeys = { algorithms: ['ES256'] };
  expect(wrong({ enabled: true, pools: [POOL] }, { signingKeys })).toContain(
    'signingKeys.algorithms',
  );
});

test('the banner says what applications are told', () => {
  const clients = [{ id: 'app1' }, { id: 'app2', secretInClear: SECRET }];
  const settings = settingsSchema.parse({
    profile: 'dev',
    issuer: 'http://localhost:4000',
    cognito: { enabled: true, pools: [{ ...POOL, clients }] },
  });
  const text = banner(settings, { port: 4000, authorityFile: undefined });
  expect(text).toContain('AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=http://localhost:4002');
  for (const told of ['pool us-east-1_Dev00001', 'client app1', `client app2  secret ${SECRET}`])
    expect(text).toContain(told);
});

test.each([{ autoVerifyPhone: true }, { mfaFactors: ['app', 'sms'] }, { recoverBy: ['phone'] }])(
  'a pool with %j needs a gateway for text messages outside of dev',
  (asked) => {
    const cognito = {
      enabled: true,
      endpoint: 'https://cognito.example.com',
      pools: [{ ...POOL, ...asked }],
    };
    const production = { profile: 'production', issuer: 'https://id.example.com' };
    expect(wrong(cognito, production)).toContain('cognito.pools.0');
    const sms = { gateway: { url: 'https://sms.example.com/send' } };
    expect(wrong(cognito, { ...production, sms })).not.toContain('cognito.pools.0');
    expect(wrong(cognito)).toEqual([]);
  },
);
