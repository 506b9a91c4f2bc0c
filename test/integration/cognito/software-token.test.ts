import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../../src/runtime/digest.ts';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';

let [optional, on]: CognitoNode[] = [];
beforeAll(async () => {
  optional = await openCognitoNode();
  on = await openCognitoNode({ mfa: 'on' });
});
afterAll(async () => {
  await optional?.close();
  await on?.close();
});

function nodeOf(kind: 'optional' | 'on'): CognitoNode {
  const node = kind === 'on' ? on : optional;
  if (node === undefined) throw new Error('no node');
  return node;
}

function signIn(node: CognitoNode, name: string, password = PASSWORD): Promise<Answered> {
  return node.call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: CLIENT,
    AuthParameters: { USERNAME: name, PASSWORD: password },
  });
}

function respond(
  node: CognitoNode,
  { body }: Answered,
  responses: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { ChallengeName, Session } = body;
  return node.call('RespondToAuthChallenge', {
    ClientId: CLIENT,
    ChallengeName,
    Session,
    ChallengeResponses: responses,
  });
}

/** The code of the app with this key; the clock is moved so that each is good. */
function codeOf(node: CognitoNode, secret: string): string {
  node.clock.advance(30);
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + moved(node),
  });
}

const moves = new Map<CognitoNode, number>();
function moved(node: CognitoNode): number {
  const next = (moves.get(node) ?? 0) + 30_000;
  moves.set(node, next);
  return next;
}

test('who sets up an app is asked for its code, once each, until they switch it off', async () => {
  const node = nodeOf('optional');
  const { AccessToken } = (await signIn(node, 'ann')).body.AuthenticationResult;
  const { SecretCode } = (await node.call('AssociateSoftwareToken', { AccessToken })).body;
  const verify = (UserCode: string): Promise<Answered> =>
    node.call('VerifySoftwareToken', { AccessToken, UserCode });
  expect((await verify('000000')).error).toBe('EnableSoftwareTokenMFAException');
  expect((await verify(codeOf(node, SecretCode))).body).toEqual({ Status: 'SUCCESS' });
  const preference = (Enabled: boolean): Promise<Answered> =>
    node.call('SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled } });
  expect((await preference(true)).body).toEqual({});
  expect((await node.call('GetUser', { AccessToken })).body).toMatchObject({
    UserMFASettingList: ['SOFTWARE_TOKEN_MFA'],
  });

  const asked = await signIn(node, 'ann');
  expect(asked.body).toMatchObject({
    ChallengeName: 'SOFTWARE_TOKEN_MFA',
    Session: expect.any(String),
  });
  const answer = (code: string): Promise<Answered> =>
    respond(node, asked, { USERNAME: 'ann', SOFTWARE_TOKEN_MFA_CODE: code });
  expect((await answer('123456')).error).toBe('CodeMismatchException');
  const code = codeOf(node, SecretCode);
  expect((await answer(code)).body.AuthenticationResult.AccessToken).toEqual(expect.any(String));
  expect((await answer(code)).body.message).toContain('session can only be used once');
  const next = await signIn(node, 'ann');
  const replayed = await respond(node, next, { USERNAME: 'ann', SOFTWARE_TOKEN_MFA_CODE: code });
  expect(replayed.error).toBe('CodeMismatchException');

  await preference(false);
  expect((await signIn(node, 'ann')).body.AuthenticationResult).toBeDefined();
});

test('where everybody needs an app, whoever has none sets it up on the way', async () => {
  const node = nodeOf('on');
  const asked = await signIn(node, 'ben');
  expect(asked.body.ChallengeName).toBe('MFA_SETUP');
  const early = await respond(node, asked, { USERNAME: 'ben' });
  expect(early.error).toBe('NotAuthorizedException');
  const { Session } = asked.body;
  const { SecretCode } = (await node.call('AssociateSoftwareToken', { Session })).body;
  const UserCode = codeOf(node, SecretCode);
  expect((await node.call('VerifySoftwareToken', { Session, UserCode })).body.Status).toBe(
    'SUCCESS',
  );
  expect((await respond(node, asked, { USERNAME: 'ben' })).body.AuthenticationResult).toBeDefined();
  expect((await signIn(node, 'ben')).body.ChallengeName).toBe('SOFTWARE_TOKEN_MFA');
});

test('a challenge that a node of another release keeps otherwise is over', async () => {
  const node = nodeOf('on');
  const asked = await signIn(node, 'cat');
  const { Session } = asked.body;
  const rooms = await node.openRooms();
  try {
    const key = `cognito:challenge:${sha256(Session)}`;
    const kept = Object(await rooms.state.get(key)).value;
    const { expiresAt, ...before } = kept;
    expect(expiresAt).toEqual(expect.any(Number));
    await rooms.state.put(key, before, { ttlSeconds: 180, once: true });
  } finally {
    await rooms.close();
  }
  const answers = [
    await respond(node, asked, { USERNAME: 'cat' }),
    await node.call('AssociateSoftwareToken', { Session }),
  ];
  for (const { error, body } of answers)
    expect([error, body.message]).toEqual([
      'NotAuthorizedException',
      expect.stringContaining('session can only be used once'),
    ]);
});

test('who has to choose a new password does so by the policy of the pool, and signs in by it', async () => {
  const node = nodeOf('optional');
  const rooms = await node.openRooms();
  try {
    const account = await rooms.accounts.findByLogin('cat');
    const actor = { by: 'test', origin: { address: 'test' } };
    await rooms.accounts.requirePasswordChange(account?.id ?? '', actor);
  } finally {
    await rooms.close();
  }
  const asked = await signIn(node, 'cat');
  expect(asked.body).toMatchObject({
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    ChallengeParameters: { requiredAttributes: '[]', userAttributes: expect.any(String) },
  });
  const choose = (password: string): Promise<Answered> =>
    respond(node, asked, { USERNAME: 'cat', NEW_PASSWORD: password });
  expect((await choose('short')).error).toBe('InvalidPasswordException');
  const { body } = await choose('a much better one');
  const { AccessToken } = body.AuthenticationResult;
  expect((await node.call('GetUser', { AccessToken })).body.Username).toBe('cat');
  expect((await signIn(node, 'cat')).status).toBe(400);
  expect((await signIn(node, 'cat', 'a much better one')).status).toBe(200);
});
