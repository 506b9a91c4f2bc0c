import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { createHostedVisitor, openHostedForm } from './hosted-visitor.ts';

let node: CognitoNode;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-sms-'));
  await writeFile(
    join(folder, 'CustomMessage.js'),
    `exports.handler = async (event) => ({
      ...event,
      response:
        event.userName === 'worded' ? { smsMessage: event.triggerSource + ' {####}' } : {},
    });`,
  );
  node = await openCognitoNode(
    {
      people: false,
      mfaFactors: ['app', 'sms'],
      autoVerifyPhone: true,
      recoverBy: ['phone', 'email'],
      triggers: { folder },
    },
    { sms: { perNumber: 10, perAddress: 1000 } },
  );
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

const UserPoolId = POOL;
const PASSWORD = 'a long new password';
const ON = { Enabled: true };
let lastNumber = 5_550_000;

function newNumber(): string {
  lastNumber += 1;
  return `+1555${lastNumber}`;
}

function masked(number: string): string {
  return `+*******${number.slice(-4)}`;
}

function signIn(name: string, ClientId = CLIENT, password = PASSWORD): Promise<Answered> {
  const AuthParameters = { USERNAME: name, PASSWORD: password };
  return node.call('InitiateAuth', { AuthFlow: 'USER_PASSWORD_AUTH', ClientId, AuthParameters });
}

function respond(
  { body: { ChallengeName, Session } }: Answered,
  ChallengeResponses: Readonly<Record<string, string>>,
  ClientId = CLIENT,
): Promise<Answered> {
  const answer = { ClientId, ChallengeName, Session, ChallengeResponses };
  return node.call('RespondToAuthChallenge', answer);
}

/** The codes that were sent so far, the latest first. */
async function codesTo(number: string, count: number): Promise<readonly string[]> {
  const read = async (): Promise<readonly string[]> =>
    (await node.letters(number)).flatMap(({ codes }) => codes);
  await expect.poll(async () => (await read()).length).toBe(count);
  return await read();
}

function other(code: string): string {
  return code === '000000' ? '000001' : '000000';
}

/** An operator's user, with a number and an address that are verified. */
async function make(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const number = newNumber();
  const attributes = {
    phone_number: number,
    phone_number_verified: 'true',
    email: `${name}@new.example`,
    email_verified: 'true',
    ...more,
  };
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  const user = { UserPoolId, Username: name };
  await node.call('AdminCreateUser', { ...user, UserAttributes, MessageAction: 'SUPPRESS' });
  const set = { ...user, Password: PASSWORD, Permanent: true };
  expect((await node.call('AdminSetUserPassword', set)).status).toBe(200);
  return number;
}

function prefer(Username: string, settings: object): Promise<Answered> {
  return node.call('AdminSetUserMFAPreference', { UserPoolId, Username, ...settings });
}

async function attributesOf(Username: string): Promise<Readonly<Record<string, string>>> {
  const { body } = await node.call('AdminGetUser', { UserPoolId, Username });
  return Object.fromEntries(body.UserAttributes.map(({ Name, Value }) => [Name, Value]));
}

describe('a telephone number', () => {
  test('is verified by the code of a text message at sign-up, before an address is', async () => {
    const number = newNumber();
    const made = await node.call('SignUp', {
      ClientId: CLIENT,
      Username: 'sue',
      Password: PASSWORD,
      UserAttributes: [
        { Name: 'phone_number', Value: number },
        { Name: 'email', Value: 'sue@new.example' },
      ],
    });
    expect(made.body).toMatchObject({
      UserConfirmed: false,
      CodeDeliveryDetails: {
        Destination: masked(number),
        DeliveryMedium: 'SMS',
        AttributeName: 'phone_number',
      },
    });
    const [first = ''] = await codesTo(number, 1);
    const ask = { ClientId: CLIENT, Username: 'sue' };
    const again = await node.call('ResendConfirmationCode', ask);
    expect(again.body).toMatchObject({ CodeDeliveryDetails: { DeliveryMedium: 'SMS' } });
    const [code = ''] = (await codesTo(number, 2)).filter((one) => one !== first);
    const confirm = (ConfirmationCode: string): Promise<Answered> =>
      node.call('ConfirmSignUp', { ...ask, ConfirmationCode });
    expect((await confirm(other(code))).error).toBe('CodeMismatchException');
    expect((await confirm(code)).body).toEqual({});
    expect((await signIn('sue')).status).toBe(200);
    expect(await attributesOf('sue')).toMatchObject({
      phone_number: number,
      phone_number_verified: 'true',
      email_verified: 'false',
    });
    expect(await node.letters('sue@new.example')).toEqual([]);
  });

  test('that is new is nobody’s until its own code has come back', async () => {
    await make('ned');
    const { AccessToken } = (await signIn('ned')).body.AuthenticationResult;
    const number = newNumber();
    const changed = await node.call('UpdateUserAttributes', {
      AccessToken,
      UserAttributes: [{ Name: 'phone_number', Value: number }],
    });
    expect(changed.body).toMatchObject({
      CodeDeliveryDetailsList: [{ AttributeName: 'phone_number', Destination: masked(number) }],
    });
    expect(await attributesOf('ned')).toMatchObject({ phone_number_verified: 'false' });
    const [old = ''] = await codesTo(number, 1);
    const named = { AccessToken, AttributeName: 'phone_number' };
    const sent = await node.call('GetUserAttributeVerificationCode', named);
    expect(sent.body).toMatchObject({ CodeDeliveryDetails: { DeliveryMedium: 'SMS' } });
    const [code = ''] = (await codesTo(number, 2)).filter((one) => one !== old);
    const verify = (Code: string): Promise<Answered> =>
      node.call('VerifyUserAttribute', { ...named, Code });
    expect((await verify(other(code))).error).toBe('CodeMismatchException');
    expect((await verify(code)).body).toEqual({});
    expect(await attributesOf('ned')).toMatchObject({
      phone_number: number,
      phone_number_verified: 'true',
    });
    expect((await node.call('GetUserAttributeVerificationCode', named)).body.message).toBe(
      'There is no number to verify.',
    );
    // A code for a number proves nothing of an address.
    const mixed = { AccessToken, AttributeName: 'email', Code: code };
    expect((await node.call('VerifyUserAttribute', mixed)).status).toBe(400);
  });

  test('gets so many messages an hour, and no more', async () => {
    await make('lou');
    const { AccessToken } = (await signIn('lou')).body.AuthenticationResult;
    const number = newNumber();
    const UserAttributes = [{ Name: 'phone_number', Value: number }];
    await node.call('UpdateUserAttributes', { AccessToken, UserAttributes });
    const named = { AccessToken, AttributeName: 'phone_number' };
    const refused: unknown[] = [];
    for (let asked = 0; asked < 12; asked += 1)
      refused.push((await node.call('GetUserAttributeVerificationCode', named)).error);
    expect(refused.at(-1)).toBe('LimitExceededException');
    expect((await node.letters(number)).length).toBeLessThanOrEqual(10);
  });

  test('brings the password for the first sign-in, where the operator wants that', async () => {
    const number = newNumber();
    const made = await node.call('AdminCreateUser', {
      UserPoolId,
      Username: 'vera',
      DesiredDeliveryMediums: ['SMS'],
      UserAttributes: [{ Name: 'phone_number', Value: number }],
    });
    expect(made.status).toBe(200);
    await expect.poll(async () => (await node.letters(number)).length).toBe(1);
    const [letter] = await node.letters(number);
    const [, password = ''] =
      /^Your username is vera, your password for the first sign-in (\S+)$/.exec(
        letter?.text ?? '',
      ) ?? [];
    expect((await signIn('vera', CLIENT, password)).body.ChallengeName).toBe(
      'NEW_PASSWORD_REQUIRED',
    );
  });
});

describe('a code by SMS as a second factor', () => {
  test('is asked for once the user chose it, for one sign-in', async () => {
    const number = await make('anna');
    const { AccessToken } = (await signIn('anna')).body.AuthenticationResult;
    const chosen = await node.call('SetUserMFAPreference', { AccessToken, SMSMfaSettings: ON });
    expect(chosen.body).toEqual({});
    expect((await node.call('GetUser', { AccessToken })).body).toMatchObject({
      UserMFASettingList: ['SMS_MFA'],
      PreferredMfaSetting: 'SMS_MFA',
    });
    const asked = await signIn('anna');
    expect(asked.body).toMatchObject({
      ChallengeName: 'SMS_MFA',
      ChallengeParameters: {
        CODE_DELIVERY_DELIVERY_MEDIUM: 'SMS',
        CODE_DELIVERY_DESTINATION: masked(number),
      },
    });
    const [code = ''] = await codesTo(number, 1);
    const answer = (to: Answered, SMS_MFA_CODE: string): Promise<Answered> =>
      respond(to, { USERNAME: 'anna', SMS_MFA_CODE });
    expect((await answer(asked, other(code))).error).toBe('CodeMismatchException');
    // It is of that sign-in, and of no other.
    expect((await answer(await signIn('anna'), code)).error).toBe('CodeMismatchException');
    expect((await answer(asked, code)).body.AuthenticationResult.TokenType).toBe('Bearer');
    expect((await answer(asked, code)).error).toBe('NotAuthorizedException');
    await prefer('anna', { SMSMfaSettings: { Enabled: false } });
    expect((await signIn('anna')).body.ChallengeName).toBeUndefined();
  });

  test('is one among others, and none for a number that nobody verified', async () => {
    const number = await make('bert');
    const { AccessToken } = (await signIn('bert')).body.AuthenticationResult;
    const { SecretCode } = (await node.call('AssociateSoftwareToken', { AccessToken })).body;
    const UserCode = new TOTP({ secret: Secret.fromBase32(SecretCode) }).generate();
    await node.call('VerifySoftwareToken', { AccessToken, UserCode });
    await prefer('bert', { SMSMfaSettings: ON });
    const asked = await signIn('bert');
    expect(asked.body).toMatchObject({
      ChallengeName: 'SELECT_MFA_TYPE',
      ChallengeParameters: { MFAS_CAN_CHOOSE: '["SOFTWARE_TOKEN_MFA","SMS_MFA"]' },
    });
    const chosen = await respond(asked, { USERNAME: 'bert', ANSWER: 'SMS_MFA' });
    expect(chosen.body.ChallengeName).toBe('SMS_MFA');
    const [SMS_MFA_CODE = ''] = await codesTo(number, 1);
    expect((await respond(chosen, { USERNAME: 'bert', SMS_MFA_CODE })).status).toBe(200);
    await prefer('bert', { SMSMfaSettings: { ...ON, PreferredMfa: true } });
    expect((await signIn('bert')).body.ChallengeName).toBe('SMS_MFA');

    await make('cathy', { phone_number_verified: 'false' });
    const refused = await prefer('cathy', { SMSMfaSettings: ON });
    expect([refused.error, refused.body.message]).toEqual([
      'InvalidParameterException',
      'User does not have delivery config set to turn on SMS_MFA',
    ]);
  });

  test('is asked for at the hosted pages, too', async () => {
    const number = await make('evan');
    await prefer('evan', { SMSMfaSettings: ON });
    const visitor = createHostedVisitor(node.endpoint);
    const { html, type } = await openHostedForm(visitor);
    await type({ login: 'evan', password: PASSWORD });
    expect(html()).toContain('Enter the code that we sent to your telephone.');
    const [code = ''] = await codesTo(number, 1);
    await type({ method: 'email-code', code: other(code) });
    expect(html()).toContain('role="alert"');
    const to = await type({ method: 'email-code', code });
    const { body } = await visitor.redeem(to.searchParams.get('code') ?? '');
    expect(body['token_type']).toBe('Bearer');
  });

  test('is in the words of the pool’s trigger', async () => {
    const number = await make('worded');
    await prefer('worded', { SMSMfaSettings: ON });
    await signIn('worded');
    const [code = ''] = await codesTo(number, 1);
    expect(await node.letters(number)).toMatchObject([
      { text: `CustomMessage_Authentication ${code}` },
    ]);
  });
});

describe('a code by SMS for a new password', () => {
  test('goes to a verified number, where the pool recovers by that', async () => {
    const number = await make('pia');
    const ask = { ClientId: CLIENT, Username: 'pia' };
    expect((await node.call('ForgotPassword', ask)).body).toEqual({
      CodeDeliveryDetails: {
        Destination: masked(number),
        DeliveryMedium: 'SMS',
        AttributeName: 'phone_number',
      },
    });
    const [ConfirmationCode = ''] = await codesTo(number, 1);
    const set = { ...ask, ConfirmationCode, Password: 'another long one' };
    expect((await node.call('ConfirmForgotPassword', set)).body).toEqual({});
    expect((await signIn('pia', CLIENT, 'another long one')).status).toBe(200);
  });

  test('does not go where the second factor goes: whoever has the telephone alone does not get in', async () => {
    await make('quin');
    await prefer('quin', { SMSMfaSettings: ON });
    const ask = { ClientId: CLIENT, Username: 'quin' };
    expect((await node.call('ForgotPassword', ask)).body).toMatchObject({
      CodeDeliveryDetails: { DeliveryMedium: 'EMAIL', Destination: 'q***@n***' },
    });
    await make('rob', { email_verified: 'false' });
    await prefer('rob', { SMSMfaSettings: ON });
    const refused = await node.call('ForgotPassword', { ClientId: CLIENT, Username: 'rob' });
    expect(refused.error).toBe('InvalidParameterException');
  });

  test('tells strangers nothing, not even by its limits', async () => {
    const number = await make('tess');
    const ask = { ClientId: ROTATING_CLIENT, Username: 'tess' };
    const nobody = { ClientId: ROTATING_CLIENT, Username: 'nobody-at-all' };
    for (let asked = 0; asked < 12; asked += 1) {
      const [real, feigned] = [
        await node.call('ForgotPassword', ask),
        await node.call('ForgotPassword', nobody),
      ];
      expect([feigned.error, feigned.body.message]).toEqual([real.error, real.body.message]);
    }
    expect((await node.letters(number)).length).toBeGreaterThan(0);
  });
});

describe('a pool that the API made', () => {
  async function makePool(settings: object): Promise<{
    readonly UserPoolId: string;
    readonly ClientId: string;
  }> {
    const made = await node.call('CreateUserPool', { PoolName: 'x', ...settings });
    expect(made.status).toBe(200);
    const pool = { UserPoolId: made.body.UserPool.Id };
    const client = await node.call('CreateUserPoolClient', {
      ...pool,
      ClientName: 'app',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
    });
    return { ...pool, ClientId: client.body.UserPoolClient.ClientId };
  }
  const SmsConfiguration = { SnsCallerArn: 'arn:aws:iam::123456789012:role/x', ExternalId: 'x' };
  const GOOD = 'A-long-password-1';

  test('of telephone numbers has one for a name, that moves with its owner', async () => {
    const { ClientId, UserPoolId: id } = await makePool({
      UsernameAttributes: ['phone_number'],
      AutoVerifiedAttributes: ['phone_number'],
      SmsConfiguration,
    });
    const { body } = await node.call('DescribeUserPool', { UserPoolId: id });
    expect(body.UserPool).toMatchObject({
      UsernameAttributes: ['phone_number'],
      AutoVerifiedAttributes: ['phone_number'],
      SmsConfiguration,
    });
    const signUp = (Username: string): Promise<Answered> =>
      node.call('SignUp', { ClientId, Username, Password: GOOD });
    expect((await signUp('plain')).body.message).toBe('Username should be a phone number.');
    const number = newNumber();
    expect((await signUp(number)).status).toBe(200);
    expect((await signUp(number)).body.message).toBe(
      'An account with the given phone_number already exists.',
    );
    const [ConfirmationCode = ''] = await codesTo(number, 1);
    await node.call('ConfirmSignUp', { ClientId, Username: number, ConfirmationCode });
    const { AccessToken } = (await signIn(number, ClientId, GOOD)).body.AuthenticationResult;
    expect((await node.call('GetUser', { AccessToken })).body.Username).toMatch(/^[\da-f]{8}-/);

    const next = newNumber();
    const UserAttributes = [{ Name: 'phone_number', Value: next }];
    await node.call('UpdateUserAttributes', { AccessToken, UserAttributes });
    expect((await signIn(next, ClientId, GOOD)).status).toBe(400);
    const [Code = ''] = await codesTo(next, 1);
    const verify = { AccessToken, AttributeName: 'phone_number', Code };
    expect((await node.call('VerifyUserAttribute', verify)).body).toEqual({});
    expect((await signIn(next, ClientId, GOOD)).status).toBe(200);
    expect((await signIn(number, ClientId, GOOD)).status).toBe(400);

    // Nobody takes a number that is somebody's name.
    const third = newNumber();
    await signUp(third);
    const [confirmation = ''] = await codesTo(third, 1);
    await node.call('ConfirmSignUp', {
      ClientId,
      Username: third,
      ConfirmationCode: confirmation,
    });
    const thief = (await signIn(third, ClientId, GOOD)).body.AuthenticationResult;
    const taken = { AccessToken: thief.AccessToken, UserAttributes };
    await node.call('UpdateUserAttributes', taken);
    const stolen = (await codesTo(next, 2)).find((one) => one !== Code) ?? '';
    const claim = { ...verify, AccessToken: thief.AccessToken, Code: stolen };
    expect((await node.call('VerifyUserAttribute', claim)).error).toBe('AliasExistsException');
  });

  test('has for a name what an operator says is the number of a user', async () => {
    const { ClientId, ...pool } = await makePool({
      UsernameAttributes: ['phone_number'],
      SmsConfiguration,
    });
    const numbers = [newNumber(), newNumber()];
    for (const Username of numbers) {
      const user = { ...pool, Username };
      await node.call('AdminCreateUser', { ...user, MessageAction: 'SUPPRESS' });
      await node.call('AdminSetUserPassword', { ...user, Password: GOOD, Permanent: true });
    }
    const [before = '', taken = ''] = numbers;
    const change = (to: string): Promise<Answered> =>
      node.call('AdminUpdateUserAttributes', {
        ...pool,
        Username: before,
        UserAttributes: [
          { Name: 'phone_number', Value: to },
          { Name: 'phone_number_verified', Value: 'true' },
        ],
      });
    expect((await change(taken)).error).toBe('AliasExistsException');
    const next = newNumber();
    expect((await change(next)).body).toEqual({});
    expect((await signIn(next, ClientId, GOOD)).status).toBe(200);
    expect((await signIn(before, ClientId, GOOD)).status).toBe(400);
  });

  test('asks everybody by SMS, and verifies numbers by that', async () => {
    const { ClientId, ...pool } = await makePool({ SmsConfiguration });
    const config = {
      MfaConfiguration: 'ON',
      SmsMfaConfiguration: { SmsAuthenticationMessage: 'Code {####}', SmsConfiguration },
    };
    const set = await node.call('SetUserPoolMfaConfig', { ...pool, ...config });
    expect(set.body).toEqual(config);
    expect((await node.call('GetUserPoolMfaConfig', pool)).body).toEqual(config);
    const number = newNumber();
    const Username = `una${number.slice(-4)}`;
    const UserAttributes = [{ Name: 'phone_number', Value: number }];
    const user = { ...pool, Username };
    await node.call('AdminCreateUser', { ...user, UserAttributes, MessageAction: 'SUPPRESS' });
    await node.call('AdminSetUserPassword', { ...user, Password: GOOD, Permanent: true });
    const asked = await signIn(Username, ClientId, GOOD);
    expect(asked.body.ChallengeName).toBe('SMS_MFA');
    const [SMS_MFA_CODE = ''] = await codesTo(number, 1);
    const answered = await respond(asked, { USERNAME: Username, SMS_MFA_CODE }, ClientId);
    expect(answered.status).toBe(200);
    const { body } = await node.call('AdminGetUser', user);
    expect(body.UserAttributes).toContainEqual({ Name: 'phone_number_verified', Value: 'true' });
  });
});

describe('in a pool of everybody, where numbers are names', () => {
  let people: CognitoNode;
  let rooms: Awaited<ReturnType<CognitoNode['openRooms']>>;
  beforeAll(async () => {
    people = await openCognitoNode({ signInBy: 'phone', autoVerifyPhone: true });
    rooms = await people.openRooms();
  });
  afterAll(async () => {
    await rooms.close();
    await people.close();
  });

  async function changeDirectory(name: string, changes: object): Promise<void> {
    const account = await rooms.accounts.findByLogin(name);
    const by = { editor: 'operator', actor: { by: 'test', origin: { address: 'test' } } } as const;
    await rooms.accounts.update(account?.id ?? '', changes, by);
  }

  function signInBy(name: string): Promise<Answered> {
    const AuthParameters = { USERNAME: name, PASSWORD: 'latchkey-dev' };
    const flow = { AuthFlow: 'USER_PASSWORD_AUTH', ClientId: CLIENT, AuthParameters };
    return people.call('InitiateAuth', flow);
  }

  test('people sign in by the number that is theirs in the directory, and by no other’s', async () => {
    const [number, next] = [newNumber(), newNumber()];
    await changeDirectory('ann', { phone: number });
    expect((await signInBy(number)).status).toBe(200);
    await changeDirectory('ann', { phone: next });
    expect((await signInBy(next)).status).toBe(200);
    expect((await signInBy(number)).status).toBe(400);
    await changeDirectory('ben', { phone: number });
    const { body } = await people.call('GetUser', {
      AccessToken: (await signInBy(number)).body.AuthenticationResult.AccessToken,
    });
    expect(body.UserAttributes).toContainEqual({ Name: 'email', Value: 'ben@example.com' });
    const taken = { ClientId: CLIENT, Username: next, Password: PASSWORD };
    expect((await people.call('SignUp', taken)).error).toBe('UsernameExistsException');

    // A claim is nobody's alone: others may have the same.
    const claimed = newNumber();
    await changeDirectory('cat', {
      claims: { phone_number: claimed, phone_number_verified: true },
    });
    expect((await signInBy(claimed)).status).toBe(400);
  });

  test('a number that they change here stays their name until the next is verified', async () => {
    const [before, next] = [newNumber(), newNumber()];
    await changeDirectory('dan', { phone: before });
    const { AccessToken } = (await signInBy(before)).body.AuthenticationResult;
    const UserAttributes = [{ Name: 'phone_number', Value: next }];
    await people.call('UpdateUserAttributes', { AccessToken, UserAttributes });
    expect((await signInBy(before)).status).toBe(200);
    expect((await signInBy(next)).status).toBe(400);
    await expect.poll(async () => (await people.letters(next)).length).toBe(1);
    const [Code = ''] = (await people.letters(next)).flatMap(({ codes }) => codes);
    const verify = { AccessToken, AttributeName: 'phone_number', Code };
    expect((await people.call('VerifyUserAttribute', verify)).body).toEqual({});
    expect((await signInBy(next)).status).toBe(200);
    expect((await signInBy(before)).status).toBe(400);
  });
});
