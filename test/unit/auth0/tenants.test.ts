import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const TENANT = {
  name: 'main',
  issuer: 'https://auth.example.com/',
  listen: { port: 4001 },
  clients: [{ clientId: 'app', appType: 'spa', callbacks: ['https://app.example.com/callback'] }],
};

function problemsOf(tenants: readonly object[], settings: object = {}): readonly string[] {
  const { error } = settingsSchema.safeParse({
    issuer: 'https://id.example.com',
    ...settings,
    auth0: { tenants },
  });
  return (error?.issues ?? []).map(({ path, message }) => `${path.slice(2).join('.')} ${message}`);
}

test('a tenant with a host of its own is fine', () => {
  expect(problemsOf([TENANT])).toEqual([]);
});

test('the issuer of a tenant ends in a slash, is no origin of another, and is https in production', () => {
  expect(problemsOf([{ ...TENANT, issuer: 'https://auth.example.com' }])[0]).toMatch(/slash/u);
  expect(problemsOf([{ ...TENANT, issuer: 'https://id.example.com/' }])).toEqual([
    '0.issuer is the origin of another issuer',
  ]);
  expect(problemsOf([{ ...TENANT, issuer: 'http://localhost:4001/' }])).toEqual([
    '0.issuer must be https in production',
  ]);
});

test('a tenant with a certificate is https, and in production the certificate is a real one', () => {
  const issuer = 'http://localhost:4001/';
  const settings = { profile: 'dev', issuer: 'http://localhost:4000' };
  const tls = { from: 'dev-ca' };
  expect(problemsOf([{ ...TENANT, issuer, tls }], settings)).toEqual([
    '0.issuer must be https: the tenant has `tls`',
  ]);
  expect(problemsOf([{ ...TENANT, tls }], settings)).toEqual([]);
  expect(problemsOf([{ ...TENANT, tls }])).toEqual([
    '0.tls.from is for the dev profile: nobody else trusts that authority',
  ]);
});

test('two tenants share neither name nor origin nor client', () => {
  expect(problemsOf([TENANT, TENANT])).toEqual([
    '1.name is taken by another tenant',
    '1.issuer is the origin of another issuer',
    '1.clients.0.clientId is taken by another client',
  ]);
});

test('APIs of a tenant are APIs of the installation, and the default audience is one of them', () => {
  const apis = [{ identifier: 'https://nobody.example' }];
  const defaultAudience = 'https://other.example';
  expect(problemsOf([{ ...TENANT, apis, defaultAudience }])).toEqual([
    '0.apis.0.identifier is no API under `apis`',
    '0.defaultAudience is no API of the tenant',
  ]);
});

test('scopes of the Management API are of machines, and its identifier is nobody else’s', () => {
  const clients = [{ ...TENANT.clients[0], managementScopes: ['read:users'] }];
  const api = { identifier: 'https://auth.example.com/api/v2/', name: 'Mine' };
  expect(problemsOf([{ ...TENANT, clients }], { apis: [api] })).toEqual([
    '0.issuer has a Management API whose identifier is taken by one under `apis`',
    '0.clients.0.managementScopes needs client_credentials among grantTypes',
  ]);
});

test('nobody signs in in the name of an organization without a page', () => {
  const clients = (grantTypes: readonly string[]): readonly object[] => [
    { ...TENANT.clients[0], grantTypes, organizationUsage: 'require' },
  ];
  expect(problemsOf([{ ...TENANT, clients: clients(['authorization_code', 'password']) }])).toEqual(
    ['0.clients.0.organizationUsage must not be require beside grants without a page'],
  );
  expect(problemsOf([{ ...TENANT, clients: clients(['authorization_code']) }])).toEqual([]);
});

test('without RS256 no library of Auth0 could verify a token', () => {
  const signingKeys = { algorithms: ['ES256'] };
  expect(problemsOf([TENANT], { signingKeys })).toEqual([
    '0.issuer needs RS256 among signingKeys.algorithms: the libraries of Auth0 verify nothing else',
  ]);
});

test('what is wrong with an application is told at its own setting', () => {
  const [app] = TENANT.clients;
  const clients = [
    { ...app, callbacks: ['https://app.example.com/callback', 'http://app.example.com/callback'] },
    { ...app, clientId: 'web', appType: 'regular_web' },
    { ...app, clientSecretInClear: 'a-secret-that-no-spa-has-0123456789' },
  ];
  expect(problemsOf([{ ...TENANT, clients }])).toEqual([
    expect.stringMatching(/^0\.clients\.0\.callbacks\.1 must be https/u),
    expect.stringMatching(/^0\.clients\.1\.clientSecret is missing/u),
    expect.stringMatching(/^0\.clients\.2\.clientSecret must not be there/u),
    '0.clients.2.clientId is taken by another client',
  ]);
});
