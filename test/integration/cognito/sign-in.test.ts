import { createHmac } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  SECRET,
  SECRET_CLIENT,
  type Answered,
  type CognitoNode,
  type Tokens,
} from '../../support/cognito-node.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode();
});
afterAll(() => node.close());

function signIn(name: string, password = PASSWORD, ClientId = CLIENT): Promise<Answered> {
  return node.call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId,
    AuthParameters: { USERNAME: name, PASSWORD: password },
  });
}

function refresh(token: string, ClientId = CLIENT): Promise<Answered> {
  return node.call('GetTokensFromRefreshToken', { ClientId, RefreshToken: token });
}

async function tokensOf(name: string, clientId = CLIENT): Promise<Tokens> {
  const { body } = await signIn(name, PASSWORD, clientId);
  return body.AuthenticationResult;
}

describe('a sign-in by password', () => {
  test('gives tokens that verifiers of Cognito take', async () => {
    const { status, headers, body } = await signIn('ann');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(headers.get('x-amzn-requestid')).toMatch(/^[\w-]{36}$/);
    expect(body.ChallengeParameters).toEqual({});
    const { AccessToken, IdToken, RefreshToken, ...rest } = body.AuthenticationResult;
    expect(rest).toEqual({ ExpiresIn: 3600, TokenType: 'Bearer' });
    expect(RefreshToken).toEqual(expect.any(String));

    const keys = createRemoteJWKSet(new URL(`${node.endpoint}/${POOL}/.well-known/jwks.json`));
    const issuer = `${node.endpoint}/${POOL}`;
    const access = await jwtVerify(AccessToken, keys, { issuer });
    expect(decodeProtectedHeader(AccessToken)).toEqual({ alg: 'RS256', kid: expect.any(String) });
    expect(access.payload).toMatchObject({
      client_id: CLIENT,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin',
      username: 'ann',
      origin_jti: expect.any(String),
      event_id: expect.any(String),
      auth_time: expect.any(Number),
    });
    expect(access.payload.aud).toBeUndefined();
    const id = await jwtVerify(IdToken, keys, { issuer, audience: CLIENT });
    expect(id.payload).toMatchObject({
      sub: access.payload.sub,
      token_use: 'id',
      'cognito:username': 'ann',
      email: 'ann@example.com',
      email_verified: true,
      origin_jti: access.payload['origin_jti'],
    });
  });

  test('is refused in the words of Cognito, and by its error header', async () => {
    const { status, headers, body } = await signIn('ann', 'not the password');
    expect(status).toBe(400);
    expect(headers.get('x-amzn-errortype')).toBe('NotAuthorizedException');
    expect(body).toEqual({
      __type: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
    });
  });

  test('tells an unknown user only to a client that wants it told', async () => {
    expect((await signIn('nobody')).error).toBe('UserNotFoundException');
    expect((await signIn('nobody', PASSWORD, ROTATING_CLIENT)).body).toEqual({
      __type: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
    });
  });

  test('counts among the failures of the account, and is throttled with them', async () => {
    for (let guess = 0; guess < 21; guess += 1) await signIn('ben', `guess ${guess}`);
    expect((await signIn('ben')).body).toEqual({
      __type: 'NotAuthorizedException',
      message: 'Password attempts exceeded',
    });
  });

  test('of a client with a secret needs the hash that only its secret makes', async () => {
    const hash = createHmac('sha256', SECRET).update(`ann${SECRET_CLIENT}`).digest('base64');
    const ask = (more: object): Promise<Answered> =>
      node.call('InitiateAuth', {
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: SECRET_CLIENT,
        AuthParameters: { USERNAME: 'ann', PASSWORD, ...more },
      });
    expect((await ask({})).body.message).toContain('SECRET_HASH was not received');
    expect((await ask({ SECRET_HASH: 'wrong' })).body.message).toContain('verify secret hash');
    expect((await ask({ SECRET_HASH: hash })).status).toBe(200);
  });

  test('is nothing for a client that is not there, nor by a flow that is not', async () => {
    expect((await signIn('ann', PASSWORD, 'unknown')).error).toBe('ResourceNotFoundException');
    const flow = { AuthFlow: 'CUSTOM_AUTH', ClientId: CLIENT, AuthParameters: {} };
    expect((await node.call('InitiateAuth', flow)).error).toBe('InvalidParameterException');
    expect((await node.call('InventedOperation', {})).error).toBe('UnknownOperationException');
  });
});

describe('a session', () => {
  test('is refreshed with the same origin and time of sign-in, and the refresh token stays', async () => {
    const first = await tokensOf('cat');
    const { body } = await refresh(first.RefreshToken);
    const { AccessToken, RefreshToken } = body.AuthenticationResult;
    expect(RefreshToken).toBeUndefined();
    const [before, after] = [decodeJwt(first.AccessToken), decodeJwt(AccessToken)];
    expect(after['origin_jti']).toBe(before['origin_jti']);
    expect(after['auth_time']).toBe(before['auth_time']);
    expect(after.jti).not.toBe(before.jti);
    const old = await node.call('InitiateAuth', {
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      ClientId: CLIENT,
      AuthParameters: { REFRESH_TOKEN: first.RefreshToken, DEVICE_KEY: null },
    });
    expect(old.status).toBe(200);
  });

  test('is not refreshed by another client, nor by a token that somebody made up', async () => {
    const { RefreshToken } = await tokensOf('cat');
    expect((await refresh(RefreshToken, ROTATING_CLIENT)).status).toBe(400);
    const forged = `${RefreshToken.slice(0, 37)}${'A'.repeat(43)}`;
    expect((await refresh(forged)).status).toBe(400);
    expect((await refresh(RefreshToken)).status).toBe(200);
  });

  test('where refresh tokens are rotated ends when a replaced one comes back', async () => {
    const first = await tokensOf('dan', ROTATING_CLIENT);
    const { body } = await refresh(first.RefreshToken, ROTATING_CLIENT);
    const { RefreshToken: second } = body.AuthenticationResult;
    expect(second).not.toBe(first.RefreshToken);
    expect((await refresh(first.RefreshToken, ROTATING_CLIENT)).status).toBe(400);
    expect((await refresh(second, ROTATING_CLIENT)).status).toBe(400);
  });

  test('where a replaced one stays good for a while, retries and other tabs are given the same', async () => {
    const { body: made } = await node.call('CreateUserPoolClient', {
      UserPoolId: POOL,
      ClientName: 'tabs',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
      RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 30 },
    });
    const { ClientId } = made.UserPoolClient;
    const next = async (token: string): Promise<string> =>
      (await refresh(token, ClientId)).body.AuthenticationResult?.RefreshToken;
    const { RefreshToken: first } = await tokensOf('dan', ClientId);
    const given = await Promise.all([next(first), next(first), next(first)]);
    const [second] = given;
    expect(given).toEqual([second, second, second]);
    expect(second).not.toBe(first);
    const third = await next(second);
    // Two steps back nothing is given, and nobody is signed out for it.
    expect((await refresh(first, ClientId)).error).toBe('NotAuthorizedException');
    expect(await next(second)).toBe(third);
    node.clock.advance(31);
    expect((await refresh(second, ClientId)).error).toBe('NotAuthorizedException');
    expect((await refresh(third, ClientId)).error).toBe('NotAuthorizedException');
  });

  test('tells who is signed in', async () => {
    const { AccessToken } = await tokensOf('eve');
    const { body } = await node.call('GetUser', { AccessToken });
    expect(body.Username).toBe('eve');
    expect(body.UserAttributes).toContainEqual({ Name: 'email_verified', Value: 'true' });
    const { IdToken } = await tokensOf('eve');
    expect((await node.call('GetUser', { AccessToken: IdToken })).body.message).toBe(
      'Invalid Access Token',
    );
  });

  test.each([
    ['RevokeToken', ({ RefreshToken }: Tokens) => ({ Token: RefreshToken, ClientId: CLIENT })],
    ['GlobalSignOut', ({ AccessToken }: Tokens) => ({ AccessToken })],
  ])('is over with %s: no refresh, and its access token is refused', async (operation, input) => {
    const tokens = await tokensOf('fay');
    expect((await node.call(operation, input(tokens))).body).toEqual({});
    const { AccessToken, RefreshToken } = tokens;
    expect((await node.call('GetUser', { AccessToken })).body.message).toBe(
      'Access Token has been revoked',
    );
    expect((await refresh(RefreshToken)).error).toBe('NotAuthorizedException');
  });

  test('is over when the person is disabled, and the grant of a revoked one is in the log', async () => {
    const { AccessToken, RefreshToken } = await tokensOf('gus');
    const rooms = await node.openRooms();
    try {
      const actor = { by: 'test', origin: { address: 'test' } };
      const account = await rooms.accounts.findByLogin('gus');
      await rooms.accounts.disable(account?.id ?? '', actor);
    } finally {
      await rooms.close();
    }
    expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
    expect((await refresh(RefreshToken)).status).toBe(400);
    expect((await signIn('gus')).status).toBe(400);
  });
});

describe('the origin of the API', () => {
  test('may be asked by pages of any origin', async () => {
    const asked = await fetch(node.endpoint, {
      method: 'OPTIONS',
      headers: {
        Origin: 'http://localhost:3000',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-amz-target,x-amz-user-agent,content-type',
      },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-amz-target');
  });

  test('has metadata for each pool, and nothing for others', async () => {
    const path = '.well-known/openid-configuration';
    const answer = await fetch(`${node.endpoint}/${POOL}/${path}`);
    expect(await answer.json()).toMatchObject({ issuer: `${node.endpoint}/${POOL}` });
    expect((await fetch(`${node.endpoint}/us-east-1_None/${path}`)).status).toBe(404);
  });
});

test('a fault is told as SDKs expect it', async () => {
  const answer = await fetch(node.endpoint, {
    method: 'POST',
    headers: { 'X-Amz-Target': 'AWSCognitoIdentityProviderService.GetUser' },
    // Without a length, so that it is looked at.
    body: new Blob(['x'.repeat(300_000)]).stream(),
    duplex: 'half',
  });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toEqual({
    __type: 'RequestEntityTooLargeException',
    message: 'The request is too large.',
  });
});
