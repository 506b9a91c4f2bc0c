import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCognitoNode, POOL, type CognitoNode } from '../../support/cognito-node.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode({
    domains: [{ name: 'login.declared.example' }],
    resourceServers: [
      {
        identifier: 'https://declared.example',
        name: 'Declared',
        scopes: [{ name: 'read', description: 'Read all' }],
      },
    ],
  });
});
afterAll(() => node.close());

async function createPool(): Promise<string> {
  return (await node.call('CreateUserPool', { PoolName: 'made' })).body.UserPool.Id;
}

describe('resource servers', () => {
  const Identifier = 'https://orders.example';
  const Scopes = [{ ScopeName: 'read', ScopeDescription: 'Read orders' }];

  test('are made, read, changed and taken away', async () => {
    const UserPoolId = await createPool();
    const server = { UserPoolId, Identifier, Name: 'Orders', Scopes };
    expect((await node.call('CreateResourceServer', server)).body).toEqual({
      ResourceServer: server,
    });
    const again = await node.call('CreateResourceServer', server);
    expect(again.error).toBe('InvalidParameterException');
    const key = { UserPoolId, Identifier };
    await node.call('UpdateResourceServer', { ...key, Name: 'All orders' });
    expect((await node.call('DescribeResourceServer', key)).body).toEqual({
      ResourceServer: { ...key, Name: 'All orders', Scopes: [] },
    });
    expect((await node.call('DeleteResourceServer', key)).body).toEqual({});
    for (const operation of ['DescribeResourceServer', 'DeleteResourceServer'])
      expect((await node.call(operation, key)).error).toBe('ResourceNotFoundException');
    const unknown = { ...key, Name: 'x' };
    expect((await node.call('UpdateResourceServer', unknown)).error).toBe(
      'ResourceNotFoundException',
    );
  });

  test('belong to one pool, and are listed by pages', async () => {
    const UserPoolId = await createPool();
    for (const name of ['c', 'a', 'b'])
      await node.call('CreateResourceServer', { UserPoolId, Identifier: name, Name: name });
    const list = { UserPoolId, MaxResults: 2 };
    const { body: first } = await node.call('ListResourceServers', list);
    const { NextToken } = first;
    const { body: second } = await node.call('ListResourceServers', { ...list, NextToken });
    expect([first, second]).toMatchObject([
      { ResourceServers: [{ Identifier: 'a' }, { Identifier: 'b' }] },
      { ResourceServers: [{ Identifier: 'c' }] },
    ]);
    expect(second.NextToken).toBeUndefined();
    const ofOther = await node.call('ListResourceServers', { UserPoolId: POOL });
    expect(ofOther.body).toMatchObject({
      ResourceServers: [{ Identifier: 'https://declared.example' }],
    });
    const forged = { ...list, NextToken: '/' };
    expect((await node.call('ListResourceServers', forged)).error).toBe(
      'InvalidParameterException',
    );
  });

  test.each([
    ['an identifier with a space', { Identifier: 'two words' }],
    ['a scope with a slash', { Scopes: [{ ScopeName: 'a/b', ScopeDescription: 'x' }] }],
  ])('refuse %s', async (_words, more) => {
    const server = { UserPoolId: POOL, Identifier, Name: 'Orders', Scopes, ...more };
    expect((await node.call('CreateResourceServer', server)).error).toBe(
      'InvalidParameterException',
    );
  });
});

describe('domains', () => {
  test('are one pool’s, which tells them and does not go before they do', async () => {
    const UserPoolId = await createPool();
    const Domain = 'shop-login';
    expect((await node.call('CreateUserPoolDomain', { UserPoolId, Domain })).body).toEqual({
      ManagedLoginVersion: 1,
    });
    const custom = {
      UserPoolId,
      Domain: 'login.shop.example',
      CustomDomainConfig: { CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/x' },
    };
    const { host } = new URL(node.endpoint);
    expect((await node.call('CreateUserPoolDomain', custom)).body).toMatchObject({
      CloudFrontDomain: host,
    });
    expect((await node.call('DescribeUserPool', { UserPoolId })).body.UserPool).toMatchObject({
      Domain,
      CustomDomain: custom.Domain,
    });
    const described = await node.call('DescribeUserPoolDomain', { Domain: custom.Domain });
    expect(described.body).toMatchObject({
      DomainDescription: { ...custom, Status: 'ACTIVE', CloudFrontDistribution: host },
    });

    // Another of the kind, and the same for another pool.
    for (const other of [
      { UserPoolId, Domain: 'second' },
      { UserPoolId: POOL, Domain },
    ])
      expect((await node.call('CreateUserPoolDomain', other)).error).toBe(
        'InvalidParameterException',
      );
    expect((await node.call('DeleteUserPoolDomain', { UserPoolId: POOL, Domain })).error).toBe(
      'ResourceNotFoundException',
    );
    const login = { UserPoolId, Domain, ManagedLoginVersion: 2 };
    expect((await node.call('UpdateUserPoolDomain', login)).body.ManagedLoginVersion).toBe(2);

    expect((await node.call('DeleteUserPool', { UserPoolId })).error).toBe(
      'InvalidParameterException',
    );
    for (const name of [Domain, custom.Domain])
      await node.call('DeleteUserPoolDomain', { UserPoolId, Domain: name });
    expect((await node.call('DescribeUserPoolDomain', { Domain })).body).toEqual({
      DomainDescription: {},
    });
    expect((await node.call('DeleteUserPool', { UserPoolId })).status).toBe(200);
  });

  test.each([
    ['a prefix of capitals', { Domain: 'Shop' }],
    ['a host name without a certificate', { Domain: 'login.shop.example' }],
  ])('refuse %s', async (_words, more) => {
    expect((await node.call('CreateUserPoolDomain', { UserPoolId: POOL, ...more })).error).toBe(
      'InvalidParameterException',
    );
  });
});

test('what the configuration declares of a pool is told, counts, and is not changed by the API', async () => {
  const UserPoolId = POOL;
  const Identifier = 'https://declared.example';
  const Domain = 'login.declared.example';
  const server = {
    UserPoolId,
    Identifier,
    Name: 'Declared',
    Scopes: [{ ScopeName: 'read', ScopeDescription: 'Read all' }],
  };
  const described = await node.call('DescribeResourceServer', { UserPoolId, Identifier });
  expect(described.body).toEqual({ ResourceServer: server });
  const { body: told } = await node.call('DescribeUserPool', { UserPoolId });
  expect(told.UserPool).toMatchObject({ CustomDomain: Domain });
  const { body: domain } = await node.call('DescribeUserPoolDomain', { Domain });
  expect(domain).toMatchObject({ DomainDescription: { UserPoolId, Domain, Status: 'ACTIVE' } });
  const client = await node.call('CreateUserPoolClient', {
    UserPoolId,
    ClientName: 'reader',
    AllowedOAuthScopes: [`${Identifier}/read`],
  });
  expect(client.status).toBe(200);

  const custom = {
    CustomDomainConfig: { CertificateArn: 'arn:aws:acm:us-east-1:0:certificate/x' },
  };
  const refused: readonly (readonly [string, object])[] = [
    ['CreateResourceServer', server],
    ['UpdateResourceServer', { ...server, Name: 'Other' }],
    ['DeleteResourceServer', { UserPoolId, Identifier }],
    ['CreateUserPoolDomain', { UserPoolId: await createPool(), Domain, ...custom }],
    ['CreateUserPoolDomain', { UserPoolId, Domain: 'login.second.example', ...custom }],
    ['UpdateUserPoolDomain', { UserPoolId, Domain, ManagedLoginVersion: 2, ...custom }],
    ['DeleteUserPoolDomain', { UserPoolId, Domain }],
  ];
  for (const [operation, input] of refused) {
    const { error } = await node.call(operation, input);
    expect([operation, error]).toEqual([operation, 'InvalidParameterException']);
  }
});
