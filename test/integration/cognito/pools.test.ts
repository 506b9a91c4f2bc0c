import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode();
});
afterAll(() => node.close());

const GOOD = 'A-long-password-1';

async function createPool(more: object = {}): Promise<string> {
  const { body } = await node.call('CreateUserPool', { PoolName: 'made', ...more });
  return body.UserPool.Id;
}

async function createClient(UserPoolId: string, more: object = {}): Promise<string> {
  const ExplicitAuthFlows = ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
  const input = { UserPoolId, ClientName: 'app', ExplicitAuthFlows, ...more };
  const { body } = await node.call('CreateUserPoolClient', input);
  return body.UserPoolClient.ClientId;
}

function signIn(ClientId: string, name: string): Promise<Answered> {
  const AuthParameters = { USERNAME: name, PASSWORD: GOOD };
  return node.call('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters });
}

test('a pool that is made by the API serves like a declared one, until it is taken away', async () => {
  const Schema = [{ Name: 'team', AttributeDataType: 'String' }];
  const UserPoolId = await createPool({ Schema, MfaConfiguration: 'OFF' });
  expect(UserPoolId).toMatch(/^us-east-1_[0-9A-Za-z]{9}$/);
  const ClientId = await createClient(UserPoolId);
  expect(ClientId).toMatch(/^[0-9a-z]{26}$/);
  const Username = 'una';
  await node.call('AdminCreateUser', { UserPoolId, Username });
  await node.call('AdminSetUserPassword', {
    UserPoolId,
    Username,
    Password: GOOD,
    Permanent: true,
  });
  const { AccessToken, RefreshToken } = (await signIn(ClientId, Username)).body
    .AuthenticationResult;
  expect((await node.call('GetUser', { AccessToken })).body.Username).toBe('una');
  expect((await fetch(`${node.endpoint}/${UserPoolId}/.well-known/jwks.json`)).status).toBe(200);

  // A pool of everybody knows her, too; this one does not know the directory.
  expect((await signIn(CLIENT, 'una')).status).toBe(200);
  expect((await signIn(ClientId, 'ann')).status).toBe(400);

  expect((await node.call('DeleteUserPool', { UserPoolId })).body).toEqual({});
  expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
  expect((await node.call('GetTokensFromRefreshToken', { ClientId, RefreshToken })).error).toBe(
    'ResourceNotFoundException',
  );
  expect((await node.call('DescribeUserPool', { UserPoolId })).error).toBe(
    'ResourceNotFoundException',
  );
  // Its users are gone with it: the name is free.
  const again = await node.call('SignUp', { ClientId: CLIENT, Username: 'una', Password: GOOD });
  expect(again.status).toBe(200);
});

test('a client that is taken away loses what it held', async () => {
  const ClientId = await createClient(POOL);
  const AuthParameters = { USERNAME: 'ben', PASSWORD: 'latchkey-dev' };
  const flow = { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters };
  const { AccessToken } = (await node.call('InitiateAuth', flow)).body.AuthenticationResult;
  expect((await node.call('GetUser', { AccessToken })).status).toBe(200);
  expect((await node.call('DeleteUserPoolClient', { UserPoolId: POOL, ClientId })).body).toEqual(
    {},
  );
  expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
});

test('pools and clients are changed, and say what they are', async () => {
  const UserPoolId = await createPool({ UsernameAttributes: ['email'] });
  await node.call('UpdateUserPool', { UserPoolId, MfaConfiguration: 'ON' });
  const CustomAttributes = [{ Name: 'level', AttributeDataType: 'Number' }];
  expect((await node.call('AddCustomAttributes', { UserPoolId, CustomAttributes })).body).toEqual(
    {},
  );
  const { body: pool } = await node.call('DescribeUserPool', { UserPoolId });
  expect(pool).toMatchObject({
    UserPool: {
      MfaConfiguration: 'ON',
      UsernameAttributes: ['email'],
      SchemaAttributes: expect.arrayContaining([
        expect.objectContaining({ Name: 'custom:level', AttributeDataType: 'Number' }),
      ]),
    },
  });
  expect((await node.call('GetUserPoolMfaConfig', { UserPoolId })).body).toEqual({
    MfaConfiguration: 'ON',
    SoftwareTokenMfaConfiguration: { Enabled: true },
  });
  const ClientId = await createClient(UserPoolId, { GenerateSecret: true });
  const units = { AccessTokenValidity: 5, TokenValidityUnits: { AccessToken: 'minutes' } };
  await node.call('UpdateUserPoolClient', { UserPoolId, ClientId, ...units });
  const { body: client } = await node.call('DescribeUserPoolClient', { UserPoolId, ClientId });
  expect(client).toMatchObject({
    UserPoolClient: {
      ClientName: 'app',
      ClientSecret: expect.stringMatching(/^[\w-]{51}$/),
      AccessTokenValidity: 5,
    },
  });
});

test('a client is told as it was made, so that a second plan finds no difference', async () => {
  const settings = {
    ClientName: 'app',
    AccessTokenValidity: 2,
    IdTokenValidity: 90,
    RefreshTokenValidity: 10,
    TokenValidityUnits: { AccessToken: 'hours', IdToken: 'minutes', RefreshToken: 'days' },
    AuthSessionValidity: 5,
    EnableTokenRevocation: true,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
    ReadAttributes: ['email', 'email_verified'],
    RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 },
    WriteAttributes: ['name'],
  };
  const { body } = await node.call('CreateUserPoolClient', { UserPoolId: POOL, ...settings });
  const { ClientId } = body.UserPoolClient;
  const key = { UserPoolId: POOL, ClientId };
  const told = await node.call('DescribeUserPoolClient', key);
  expect(told.body.UserPoolClient).toMatchObject(settings);
  await node.call('UpdateUserPoolClient', { ...key, ...settings });
  expect((await node.call('DescribeUserPoolClient', key)).body).toEqual(told.body);
});

test('a client is told, and writes, the attributes that it may', async () => {
  const ClientId = await createClient(POOL, {
    ReadAttributes: ['email', 'name'],
    WriteAttributes: ['name'],
  });
  const AuthParameters = { USERNAME: 'eve', PASSWORD: 'latchkey-dev' };
  const flow = { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters };
  const { AccessToken, IdToken } = (await node.call('InitiateAuth', flow)).body
    .AuthenticationResult;
  const write = (Name: string): Promise<Answered> =>
    node.call('UpdateUserAttributes', { AccessToken, UserAttributes: [{ Name, Value: 'Eve' }] });
  expect((await write('name')).status).toBe(200);
  expect((await write('nickname')).error).toBe('NotAuthorizedException');
  const { UserAttributes } = (await node.call('GetUser', { AccessToken })).body;
  expect(UserAttributes.map(({ Name }) => Name).toSorted()).toEqual(['email', 'name', 'sub']);
  expect(decodeJwt(IdToken)).not.toHaveProperty('email_verified');
  expect(decodeJwt(IdToken)['email']).toBe('eve@example.com');
});

test.each([
  ['CreateUserPool', { PoolName: 'x', LambdaConfig: { PreSignUp: 'arn:aws:lambda:x' } }],
  ['CreateUserPool', { PoolName: 'x', AliasAttributes: ['phone_number'] }],
  ['CreateUserPool', { PoolName: 'x', AliasAttributes: ['preferred_username'] }],
  ['CreateUserPool', { PoolName: 'x', Policies: { PasswordPolicy: { PasswordHistorySize: 3 } } }],
  ['CreateUserPoolClient', { UserPoolId: POOL, RefreshTokenValidity: 3650 }],
  ['CreateUserPoolClient', { UserPoolId: POOL, AccessTokenValidity: 25 }],
  ['UpdateUserPool', { UserPoolId: POOL, MfaConfiguration: 'OFF' }],
  ['DeleteUserPoolClient', { UserPoolId: POOL, ClientId: CLIENT }],
])('%s of %j is refused', async (operation, input) => {
  expect((await node.call(operation, input)).error).toBe('InvalidParameterException');
});
