import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  type Answered,
  type CognitoNode,
  type Tokens,
} from '../../support/cognito-node.ts';
import { createSrpClient } from '../../support/srp-client.ts';

let node: CognitoNode;
let byAddress: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode({ people: true });
  byAddress = await openCognitoNode({ people: false, signInBy: 'email' });
});
afterAll(async () => {
  await node.close();
  await byAddress.close();
});

const GOOD = 'a long new password';

function signUp(name: string, more: object = {}, at = node): Promise<Answered> {
  return at.call('SignUp', {
    ClientId: CLIENT,
    Username: name,
    Password: GOOD,
    UserAttributes: [{ Name: 'email', Value: `${name}@new.example` }],
    ...more,
  });
}

function signIn(name: string, password = GOOD, at = node): Promise<Answered> {
  return at.call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: CLIENT,
    AuthParameters: { USERNAME: name, PASSWORD: password },
  });
}

async function tokensOf(name: string, password = GOOD): Promise<Tokens> {
  return (await signIn(name, password)).body.AuthenticationResult;
}

const seen = new Set<string>();

/** The code of the letter that has come since the last: nobody waits for letters but this. */
async function codeFor(address: string, at = node): Promise<string> {
  return await vi.waitFor(async () => {
    const codes = (await at.letters(address)).map(({ text }) => /\b\d{6}\b/.exec(text)?.[0] ?? '');
    const code = codes.find((one) => !seen.has(one));
    if (code === undefined) throw new Error(`no letter to ${address}`);
    seen.add(code);
    return code;
  }, 60_000);
}

async function confirm(name: string, code: string, at = node): Promise<Answered> {
  const input = { ClientId: CLIENT, Username: name, ConfirmationCode: code };
  return await at.call('ConfirmSignUp', input);
}

/** Signs up and confirms. */
async function join(name: string): Promise<void> {
  expect((await signUp(name)).status).toBe(200);
  expect((await confirm(name, await codeFor(`${name}@new.example`))).body).toEqual({});
}

async function attributesOf(AccessToken: string): Promise<Readonly<Record<string, string>>> {
  const { body } = await node.call('GetUser', { AccessToken });
  return Object.fromEntries(body.UserAttributes.map(({ Name, Value }) => [Name, Value]));
}

describe('who signs up', () => {
  test('signs in once the code of the letter has come back, by SRP, too', async () => {
    const made = await signUp('nia', {
      UserAttributes: [
        { Name: 'email', Value: 'nia@new.example' },
        { Name: 'name', Value: 'Nia New' },
        { Name: 'custom:team', Value: 'blue' },
      ],
    });
    expect(made.body).toEqual({
      UserConfirmed: false,
      UserSub: expect.stringMatching(/^[\da-f]{8}-/),
      CodeDeliveryDetails: {
        Destination: 'n***@n***',
        DeliveryMedium: 'EMAIL',
        AttributeName: 'email',
      },
    });
    expect((await signIn('nia')).error).toBe('UserNotConfirmedException');
    expect((await confirm('nia', '000000')).error).toBe('CodeMismatchException');
    expect((await confirm('nia', await codeFor('nia@new.example'))).body).toEqual({});

    const { AccessToken } = await tokensOf('nia');
    expect(await attributesOf(AccessToken)).toEqual({
      sub: expect.any(String),
      name: 'Nia New',
      email: 'nia@new.example',
      email_verified: 'true',
      'custom:team': 'blue',
    });
    const client = createSrpClient();
    const { body } = await node.call('InitiateAuth', {
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: CLIENT,
      AuthParameters: { USERNAME: 'nia', SRP_A: client.A },
    });
    const proven = await node.call('RespondToAuthChallenge', {
      ClientId: CLIENT,
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: client.answer(body.ChallengeParameters, { pool: POOL, password: GOOD }),
    });
    expect(proven.status).toBe(200);
  });

  test('takes nobody’s name, and keeps nobody from an address that is not shown to be theirs', async () => {
    expect((await signUp('ann')).error).toBe('UsernameExistsException');
    const squat = { UserAttributes: [{ Name: 'email', Value: 'owner@new.example' }] };
    expect((await signUp('squatter', squat)).status).toBe(200);
    await codeFor('owner@new.example');
    expect((await signUp('owner')).status).toBe(200);
    expect((await confirm('owner', await codeFor('owner@new.example'))).body).toEqual({});
    // Who was first, but does not read the mail there, cannot confirm it any more.
    const again = { ClientId: CLIENT, Username: 'squatter' };
    expect((await node.call('ResendConfirmationCode', again)).status).toBe(200);
    const late = await confirm('squatter', await codeFor('owner@new.example'));
    expect(late.error).toBe('AliasExistsException');
  });

  test.each([
    ['InvalidPasswordException', { Password: 'short' }],
    ['InvalidPasswordException', { Password: 'password' }],
    ['InvalidParameterException', { UserAttributes: [{ Name: 'custom:none', Value: 'x' }] }],
    ['InvalidParameterException', { UserAttributes: [{ Name: 'zoneinfo', Value: 'nowhere' }] }],
    ['NotAuthorizedException', { UserAttributes: [{ Name: 'email_verified', Value: 'true' }] }],
    ['InvalidParameterException', { UserAttributes: [{ Name: 'email', Value: 'no address' }] }],
    ['InvalidParameterException', { UserAttributes: [{ Name: 'phone_number', Value: '555' }] }],
  ])('is refused with %s for %j', async (error, more) => {
    expect((await signUp('refused', more)).error).toBe(error);
    expect((await signIn('refused')).error).toBe('UserNotFoundException');
  });

  test('in a pool of addresses has one for a name, and an id for applications', async () => {
    expect((await signUp('plain', {}, byAddress)).error).toBe('InvalidParameterException');
    const address = 'Oda@New.example';
    const made = await signUp(address, { UserAttributes: [] }, byAddress);
    expect(made.status).toBe(200);
    const twice = await signUp('oda@new.example', { UserAttributes: [] }, byAddress);
    expect([twice.error, twice.body.message]).toEqual([
      'UsernameExistsException',
      'An account with the given email already exists.',
    ]);
    expect(
      (await confirm('oda@new.example', await codeFor(address, byAddress), byAddress)).status,
    ).toBe(200);
    const { body } = await signIn('ODA@new.example', GOOD, byAddress);
    const { AccessToken } = body.AuthenticationResult;
    const { body: user } = await byAddress.call('GetUser', { AccessToken });
    expect(user.Username).toMatch(/^[\da-f]{8}-/);
    // The directory has people whom this pool does not know.
    expect((await signIn('ann', PASSWORD, byAddress)).error).toBe('UserNotFoundException');
  });
});

test('what is wrong with a request is said in the words of AWS', async () => {
  await join('ike');
  const named = { ClientId: CLIENT, Username: 'ike' };
  const pooled = { UserPoolId: POOL, Username: 'ike' };
  const cases: readonly (readonly [string, object, string])[] = [
    [
      'ConfirmSignUp',
      { ...named, ConfirmationCode: '1' },
      'NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED',
    ],
    [
      'AdminConfirmSignUp',
      pooled,
      'NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED',
    ],
    ['ResendConfirmationCode', named, 'InvalidParameterException: User is already confirmed.'],
    [
      'SignUp',
      { ...named, Username: 'ike@new.example', Password: GOOD },
      'InvalidParameterException: Username cannot be of email format, since user pool is configured for email alias.',
    ],
    ['SignUp', { ...named, Password: GOOD }, 'UsernameExistsException: User already exists'],
    ['AdminCreateUser', pooled, 'UsernameExistsException: User account already exists'],
    [
      'InitiateAuth',
      { AuthFlow: 'ADMIN_NO_SRP_AUTH', ClientId: CLIENT },
      'InvalidParameterException: Initiate Auth method not supported.',
    ],
    [
      'ListUsers',
      { Limit: 61 },
      "InvalidParameterException: 2 validation errors detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null; Value at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60",
    ],
    [
      'AdminCreateUser',
      { ...pooled, Username: '', MessageAction: 'SHOUT' },
      "InvalidParameterException: 2 validation errors detected: Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'messageAction' failed to satisfy constraint: Member must satisfy enum value set: [RESEND, SUPPRESS]",
    ],
    [
      'RevokeToken',
      { ClientId: CLIENT, Token: (await tokensOf('ike')).AccessToken },
      'UnsupportedTokenTypeException: Unsupported token type',
    ],
  ];
  for (const [operation, input, expected] of cases) {
    const { error, body } = await node.call(operation, input);
    expect(`${error}: ${body.message}`).toBe(expected);
  }
});

describe('a password', () => {
  test('is set anew by the code of a letter, which ends every session', async () => {
    await join('pia');
    const { AccessToken } = await tokensOf('pia');
    const ask = { ClientId: CLIENT, Username: 'pia' };
    expect((await node.call('ForgotPassword', ask)).status).toBe(200);
    const set = (ConfirmationCode: string, Password: string): Promise<Answered> =>
      node.call('ConfirmForgotPassword', { ...ask, ConfirmationCode, Password });
    const code = await codeFor('pia@new.example');
    expect((await set('000000', 'another long one')).error).toBe('CodeMismatchException');
    expect((await set(code, 'short')).error).toBe('InvalidPasswordException');
    expect((await set(code, 'another long one')).body).toEqual({});
    expect((await set(code, 'and a third one')).error).toBe('ExpiredCodeException');
    expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
    expect((await signIn('pia')).status).toBe(400);
    expect((await signIn('pia', 'another long one')).status).toBe(200);
  });

  test('that is forgotten tells nobody who there is, to a client that does not want it told', async () => {
    const ask = { ClientId: ROTATING_CLIENT, Username: 'nobody' };
    expect((await node.call('ForgotPassword', ask)).status).toBe(200);
    const told = await node.call('ForgotPassword', { ...ask, ClientId: CLIENT });
    expect(told.error).toBe('UserNotFoundException');
    // Whoever is there, with a code or without, is told from nobody by no answer, however often somebody asks.
    const answersFor = async (Username: string): Promise<readonly unknown[]> => {
      const input = { ClientId: ROTATING_CLIENT, Username, ConfirmationCode: '123456' };
      const set = (Password: string): Promise<Answered> =>
        node.call('ConfirmForgotPassword', { ...input, Password });
      const answers = [await set('short'), await set(GOOD)];
      for (let letter = 0; letter < 10; letter += 1)
        answers.push(await node.call('ForgotPassword', input));
      for (let guess = 0; guess < 30; guess += 1) answers.push(await set(GOOD));
      return answers.map(({ error, body }) => [error, body.message]);
    };
    const answers = await answersFor('fay');
    expect(await answersFor('nobody-at-all')).toEqual(answers);
    expect(answers).toContainEqual(['LimitExceededException', expect.any(String)]);
  });

  test('seems to go where that of somebody of the pool would, for a name that is nobody’s', async () => {
    await node.call('AdminGetUser', { UserPoolId: POOL, Username: 'kim' });
    const asked = async (Username: string, operation = 'ForgotPassword'): Promise<object> =>
      (await node.call(operation, { ClientId: ROTATING_CLIENT, Username })).body;
    // Whoever is here has an address at `example.com` or `new.example`.
    const told = (Destination: unknown): object => ({
      CodeDeliveryDetails: { Destination, DeliveryMedium: 'EMAIL', AttributeName: 'email' },
    });
    expect(await asked('kim')).toEqual(told('k***@e***'));
    const stranger = await asked('kurt');
    expect(stranger).toEqual(told(expect.stringMatching(/^k\*{3}@[en]\*{3}$/)));
    expect(await asked('kurt')).toEqual(stranger);
    expect(await asked('kurt', 'ResendConfirmationCode')).toEqual(stranger);
    expect(await asked('kurt@other.example')).toEqual(told('k***@o***'));
  });

  test('is changed for the old one: this session goes on, the others end', async () => {
    await join('quin');
    const [mine, other] = [await tokensOf('quin'), await tokensOf('quin')];
    const change = (PreviousPassword: string): Promise<Answered> =>
      node.call('ChangePassword', {
        AccessToken: mine.AccessToken,
        PreviousPassword,
        ProposedPassword: 'another long one',
      });
    expect((await change('wrong')).error).toBe('NotAuthorizedException');
    expect((await change(GOOD)).body).toEqual({});
    const refresh = ({ RefreshToken }: Tokens): Promise<Answered> =>
      node.call('GetTokensFromRefreshToken', { ClientId: CLIENT, RefreshToken });
    expect((await node.call('GetUser', { AccessToken: mine.AccessToken })).status).toBe(200);
    expect((await refresh(mine)).status).toBe(200);
    expect((await node.call('GetUser', { AccessToken: other.AccessToken })).status).toBe(400);
    expect((await refresh(other)).status).toBe(400);
  });
});

describe('what users say of themselves', () => {
  test('is changed and taken away; an address counts once it is verified', async () => {
    await join('rea');
    const { AccessToken } = await tokensOf('rea');
    const { body } = await node.call('UpdateUserAttributes', {
      AccessToken,
      UserAttributes: [
        { Name: 'given_name', Value: 'Rea' },
        { Name: 'custom:team', Value: 'red' },
        { Name: 'email', Value: 'rea@other.example' },
      ],
    });
    expect(body).toMatchObject({ CodeDeliveryDetailsList: [{ AttributeName: 'email' }] });
    expect(await attributesOf(AccessToken)).toMatchObject({
      given_name: 'Rea',
      'custom:team': 'red',
      email: 'rea@other.example',
      email_verified: 'false',
    });
    const verify = (Code: string): Promise<Answered> =>
      node.call('VerifyUserAttribute', { AccessToken, AttributeName: 'email', Code });
    expect((await verify('000000')).error).toBe('CodeMismatchException');
    expect((await verify(await codeFor('rea@other.example'))).body).toEqual({});
    const names = { AccessToken, UserAttributeNames: ['given_name', 'custom:team'] };
    expect((await node.call('DeleteUserAttributes', names)).body).toEqual({});
    expect(await attributesOf(AccessToken)).toEqual({
      sub: expect.any(String),
      email: 'rea@other.example',
      email_verified: 'true',
    });
  });

  test('ends with them: the account is gone, and its tokens are refused', async () => {
    await join('sam');
    const { AccessToken } = await tokensOf('sam');
    expect((await node.call('DeleteUser', { AccessToken })).body).toEqual({});
    expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
    expect((await signIn('sam')).error).toBe('UserNotFoundException');
  });
});
