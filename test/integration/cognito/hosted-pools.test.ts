import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { csrfIn } from '../../support/account-node.ts';
import { CALLBACK, openCognitoNode, type CognitoNode } from '../../support/cognito-node.ts';
import { createHostedVisitor, post, type Answer } from './hosted-visitor.ts';

const PASSWORD = 'a-Temporary-one-1';
const API = 'https://api.example.com';

/** A pool of its own users, made by the API with its clients, as CDK and Terraform do. */
let node: CognitoNode;
let pool: string;
let app: string;
let machine: { readonly id: string; readonly secret: string };

beforeAll(async () => {
  node = await openCognitoNode();
  const made = await node.call('CreateUserPool', { PoolName: 'apps' });
  pool = made.body.UserPool.Id;
  await node.call('CreateResourceServer', {
    UserPoolId: pool,
    Identifier: API,
    Name: 'Things',
    Scopes: [
      { ScopeName: 'read', ScopeDescription: 'Read' },
      { ScopeName: 'write', ScopeDescription: 'Write' },
    ],
  });
  app = (await createClient({ AllowedOAuthScopes: ['openid', `${API}/read`] })).ClientId;
  const { ClientId, ClientSecret } = await createClient({
    GenerateSecret: true,
    AllowedOAuthFlows: ['client_credentials'],
    AllowedOAuthScopes: [`${API}/read`, `${API}/write`],
  });
  machine = { id: ClientId, secret: ClientSecret };
  await createUser('zoe', true);
  await createUser('yan', false);
});
afterAll(() => node.close());

async function createClient(
  settings: object,
): Promise<{ readonly ClientId: string; readonly ClientSecret: string }> {
  const { body } = await node.call('CreateUserPoolClient', {
    UserPoolId: pool,
    ClientName: 'app',
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code', 'implicit'],
    CallbackURLs: [CALLBACK],
    DefaultRedirectURI: CALLBACK,
    LogoutURLs: ['http://localhost:3000/'],
    SupportedIdentityProviders: ['COGNITO'],
    ...settings,
  });
  if (body.UserPoolClient === undefined) throw new Error(body.message);
  return body.UserPoolClient;
}

async function createUser(name: string, isPermanent: boolean): Promise<void> {
  await node.call('AdminCreateUser', {
    UserPoolId: pool,
    Username: name,
    TemporaryPassword: PASSWORD,
    MessageAction: 'SUPPRESS',
  });
  if (isPermanent)
    await node.call('AdminSetUserPassword', {
      UserPoolId: pool,
      Username: name,
      Password: PASSWORD,
      Permanent: true,
    });
}

function machineToken(scope?: string): Promise<Answer> {
  const basic = Buffer.from(`${machine.id}:${machine.secret}`).toString('base64');
  return post(
    `${node.endpoint}/oauth2/token`,
    { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) },
    { authorization: `Basic ${basic}` },
  );
}

test('what a client may do at the hosted pages is told as it was set', async () => {
  const { body } = await node.call('DescribeUserPoolClient', { UserPoolId: pool, ClientId: app });
  expect(body.UserPoolClient).toMatchObject({
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code', 'implicit'],
    AllowedOAuthScopes: ['openid', `${API}/read`],
    CallbackURLs: [CALLBACK],
    DefaultRedirectURI: CALLBACK,
    LogoutURLs: ['http://localhost:3000/'],
    SupportedIdentityProviders: ['COGNITO'],
  });
});

test.each([
  [{ CallbackURLs: ['http://app.example.com/'] }, 'InvalidParameterException'],
  [{ DefaultRedirectURI: 'https://other.example.com/' }, 'InvalidParameterException'],
  [{ CallbackURLs: ['https://app.example.com/#part'] }, 'InvalidParameterException'],
  [{ AllowedOAuthScopes: [`${API}/delete`] }, 'ScopeDoesNotExistException'],
  [{ AllowedOAuthFlows: ['code', 'client_credentials'] }, 'InvalidOAuthFlowException'],
  [{ SupportedIdentityProviders: ['Google'] }, 'InvalidParameterException'],
])('a client with %j is refused', async (settings, error) => {
  const made = await node.call('CreateUserPoolClient', {
    UserPoolId: pool,
    ClientName: 'app',
    AllowedOAuthFlowsUserPoolClient: true,
    ...settings,
  });
  expect(made.error).toBe(error);
});

test('a user of the pool signs in, for the scopes that the client may have when it names none', async () => {
  const visitor = createHostedVisitor(node.endpoint);
  const to = await visitor.authorize(
    { client_id: app, scope: '' },
    { login: 'zoe', password: PASSWORD },
  );
  const { body } = await visitor.redeem(to.searchParams.get('code') ?? '', { client_id: app });
  expect(decodeJwt(body['access_token'] ?? '')).toMatchObject({
    iss: `${node.endpoint}/${pool}`,
    scope: `openid ${API}/read`,
    username: 'zoe',
  });
});

test('a request that names no redirect URI leads to that of the client, and nowhere where it has none', async () => {
  const visitor = createHostedVisitor(node.endpoint);
  const asked = { client_id: app, redirect_uri: '', scope: '' };
  await visitor.authorize(asked, { login: 'zoe', password: PASSWORD });
  for (const path of ['/oauth2/authorize', '/login']) {
    const { url } = await visitor.ask(asked, path);
    expect(`${url.origin}${url.pathname}`).toBe(CALLBACK);
    const redeemed = await visitor.redeem(url.searchParams.get('code') ?? '', asked);
    expect(redeemed).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
  }
  const refused = await visitor.ask({ ...asked, identity_provider: 'Google' });
  expect(refused.url.searchParams.get('error')).toBe('invalid_request');
  const { ClientId } = await createClient({ DefaultRedirectURI: undefined });
  const nowhere = await visitor.ask({ ...asked, client_id: ClientId }, '/login');
  expect([nowhere.url.pathname, nowhere.response?.status]).toEqual(['/login', 400]);
});

test('somebody who is no user of the pool is told what a stranger is told', async () => {
  const visitor = createHostedVisitor(node.endpoint);
  await visitor.signIn();
  const page = await visitor.ask({ client_id: app, scope: 'openid' });
  expect(page.url.pathname).toMatch(/^\/interaction\//);
  const again = createHostedVisitor(node.endpoint);
  const refused = again.authorize({ client_id: app, scope: 'openid' }, { login: 'ann' });
  await expect(refused).rejects.toThrow('name="password"');
});

test('whoever has a password of an operator’s chooses one of their own on the way', async () => {
  const visitor = createHostedVisitor(node.endpoint);
  const asked = visitor.authorize(
    { client_id: app, scope: 'openid' },
    { login: 'yan', password: PASSWORD },
  );
  const html = await asked.then(String, (error: unknown) => String(error));
  expect(html).toContain('autocomplete="new-password"');
  expect(csrfIn(html)).not.toBe('');
});

test('a client gets a token of its own, for scopes of resource servers alone', async () => {
  const { status, body } = await machineToken();
  expect([status, body['refresh_token'], body['id_token']]).toEqual([200, undefined, undefined]);
  const claims = decodeJwt(body['access_token'] ?? '');
  expect(claims).toMatchObject({
    sub: machine.id,
    client_id: machine.id,
    token_use: 'access',
    scope: `${API}/read ${API}/write`,
    iss: `${node.endpoint}/${pool}`,
    version: 2,
  });
  expect(claims['username']).toBeUndefined();
  expect(decodeJwt((await machineToken(`${API}/read`)).body['access_token'] ?? '')['scope']).toBe(
    `${API}/read`,
  );
  expect((await machineToken('openid')).body).toMatchObject({ error: 'invalid_scope' });
});

test('a client that is for people gets none of its own, and one that is not has no pages', async () => {
  const own = await post(`${node.endpoint}/oauth2/token`, {
    grant_type: 'client_credentials',
    client_id: app,
  });
  expect(own.body).toMatchObject({ error: 'unauthorized_client' });
  const page = await createHostedVisitor(node.endpoint).ask({ client_id: machine.id });
  expect(page.response?.status).toBe(400);
});

test('a change of the client counts from the next request on', async () => {
  const { ClientId } = await createClient({ AllowedOAuthScopes: ['openid'] });
  const visitor = createHostedVisitor(node.endpoint);
  const before = await visitor.ask({ client_id: ClientId, scope: 'openid' });
  expect(before.url.pathname).toMatch(/^\/interaction\//);
  await node.call('UpdateUserPoolClient', {
    UserPoolId: pool,
    ClientId,
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'],
    AllowedOAuthScopes: ['openid'],
    CallbackURLs: ['https://elsewhere.example.com/'],
  });
  const after = await visitor.ask({ client_id: ClientId, scope: 'openid' });
  expect(after.response?.status).toBe(400);
});
