import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { createHostedVisitor, openHostedForm } from './hosted-visitor.ts';

let node: CognitoNode;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-email-mfa-'));
  await writeFile(
    join(folder, 'CustomMessage.js'),
    'exports.handler = async (event) => ({ ...event, response: { emailSubject: event.triggerSource } });',
  );
  node = await openCognitoNode({ mfaFactors: ['app', 'email'], triggers: { folder } });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

const UserPoolId = POOL;
const ON = { Enabled: true };
const PREFERRED = { Enabled: true, PreferredMfa: true };

function signIn(name: string, ClientId = CLIENT): Promise<Answered> {
  const AuthParameters = { USERNAME: name, PASSWORD };
  return node.call('InitiateAuth', { AuthFlow: 'USER_PASSWORD_AUTH', ClientId, AuthParameters });
}

function respond(
  { body: { ChallengeName, Session } }: Answered,
  ChallengeResponses: Readonly<Record<string, string>>,
): Promise<Answered> {
  const answer = { ClientId: CLIENT, ChallengeName, Session, ChallengeResponses };
  return node.call('RespondToAuthChallenge', answer);
}

function prefer(Username: string, settings: object): Promise<Answered> {
  return node.call('AdminSetUserMFAPreference', { UserPoolId, Username, ...settings });
}

/** The codes that were sent so far, the latest first. */
async function codesOf(name: string, count: number): Promise<readonly string[]> {
  const read = async (): Promise<readonly string[]> =>
    (await node.letters(`${name}@example.com`)).flatMap(({ codes }) => codes);
  await expect.poll(async () => (await read()).length).toBe(count);
  return await read();
}

async function setUpApp(name: string): Promise<string> {
  const { AccessToken } = (await signIn(name)).body.AuthenticationResult;
  const { SecretCode } = (await node.call('AssociateSoftwareToken', { AccessToken })).body;
  const UserCode = new TOTP({ secret: Secret.fromBase32(SecretCode) }).generate();
  expect((await node.call('VerifySoftwareToken', { AccessToken, UserCode })).status).toBe(200);
  return AccessToken;
}

test('a code by e-mail is asked for once the user chose it, for one sign-in', async () => {
  const { AccessToken } = (await signIn('ann')).body.AuthenticationResult;
  const chosen = await node.call('SetUserMFAPreference', { AccessToken, EmailMfaSettings: ON });
  expect(chosen.body).toEqual({});
  expect((await node.call('GetUser', { AccessToken })).body).toMatchObject({
    UserMFASettingList: ['EMAIL_OTP'],
    PreferredMfaSetting: 'EMAIL_OTP',
  });

  const asked = await signIn('ann');
  expect(asked.body).toMatchObject({
    ChallengeName: 'EMAIL_OTP',
    ChallengeParameters: {
      CODE_DELIVERY_DELIVERY_MEDIUM: 'EMAIL',
      CODE_DELIVERY_DESTINATION: 'a***@e***',
    },
  });
  const [code = ''] = await codesOf('ann', 1);
  // The trigger says what the letter is about; its body is left to the house.
  expect(await node.letters('ann@example.com')).toMatchObject([
    { subject: 'CustomMessage_Authentication' },
  ]);
  const wrong = await respond(asked, { USERNAME: 'ann', EMAIL_OTP_CODE: '000000' });
  expect(wrong.error).toBe('CodeMismatchException');
  // It is of that sign-in, and of no other.
  const other = await signIn('ann');
  const strange = await respond(other, { USERNAME: 'ann', EMAIL_OTP_CODE: code });
  expect(strange.error).toBe('CodeMismatchException');
  const right = await respond(asked, { USERNAME: 'ann', EMAIL_OTP_CODE: code });
  expect(right.body.AuthenticationResult.TokenType).toBe('Bearer');
  const again = await respond(asked, { USERNAME: 'ann', EMAIL_OTP_CODE: code });
  expect(again.error).toBe('NotAuthorizedException');

  await prefer('ann', { EmailMfaSettings: { Enabled: false } });
  expect((await signIn('ann')).body.ChallengeName).toBeUndefined();
});

test('a mailbox to which the codes go gets no new password at the issuer either, but by an operator', async () => {
  await node.call('AdminGetUser', { UserPoolId, Username: 'hal' });
  await prefer('hal', { EmailMfaSettings: ON });
  const visitor = node.visitor();
  await visitor.get('/recover');
  await visitor.send('/recover', { login: 'hal', action: 'continue' });
  const links = async (): Promise<readonly string[]> =>
    (await node.letters('hal@example.com')).flatMap((letter) => letter.links);
  await expect.poll(links).toHaveLength(1);
  const { pathname } = new URL((await links())[0] ?? '');
  await visitor.get(pathname);
  const stuck = await visitor.send(pathname, { action: 'continue' });
  expect(stuck.status).toBe(403);
  expect(stuck.html).toContain('Codes to your mailbox');

  const rooms = await node.openRooms();
  const { id = '' } = (await rooms.accounts.findByLogin('hal')) ?? {};
  const { token } = await rooms.tickets.issue({ kind: 'recovery', about: id });
  await rooms.close();
  const handed = node.visitor();
  await handed.get(`/recover/link/${token}`);
  const form = await handed.send(`/recover/link/${token}`, { action: 'continue' });
  expect(form.status).toBe(200);
  expect(form.html).toContain('name="password"');
});

test('the hosted pages ask for it of whom the API does, by the same letter, for one sign-in', async () => {
  await node.call('AdminGetUser', { UserPoolId, Username: 'eve' });
  await prefer('eve', { EmailMfaSettings: ON });
  const visitor = createHostedVisitor(node.endpoint);
  const { html, type, look } = await openHostedForm(visitor);

  await type({ login: 'eve', password: PASSWORD });
  expect(html()).toContain('Enter the code that we sent to your e-mail address.');
  const [first = ''] = await codesOf('eve', 1);
  expect(await node.letters('eve@example.com')).toMatchObject([
    { subject: 'CustomMessage_Authentication' },
  ]);
  await type({ method: 'email-code', code: first === '000000' ? '000001' : '000000' });
  expect(html()).toContain('role="alert"');
  // Looking again sends no other letter, asking for one does.
  await look();
  node.clock.advance(1);
  await type({ method: 'email-code', action: 'again' });
  const [second = ''] = await codesOf('eve', 2);
  const to = await type({ method: 'email-code', code: second });
  const { body } = await visitor.redeem(to.searchParams.get('code') ?? '');
  expect(body['token_type']).toBe('Bearer');

  // Whoever did not choose it is not asked.
  const other = await createHostedVisitor(node.endpoint).authorize({}, { login: 'fay' });
  expect(other.searchParams.get('code')).toEqual(expect.any(String));
});

test('of two factors the user takes one, unless one is preferred', async () => {
  await setUpApp('ben');
  await prefer('ben', { EmailMfaSettings: ON });
  const asked = await signIn('ben');
  expect(asked.body).toMatchObject({
    ChallengeName: 'SELECT_MFA_TYPE',
    ChallengeParameters: { MFAS_CAN_CHOOSE: '["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]' },
  });
  expect((await respond(asked, { USERNAME: 'ben', ANSWER: 'SMS_MFA' })).error).toBe(
    'InvalidParameterException',
  );
  const chosen = await respond(asked, { USERNAME: 'ben', ANSWER: 'EMAIL_OTP' });
  expect(chosen.body.ChallengeName).toBe('EMAIL_OTP');
  const [code = ''] = await codesOf('ben', 1);
  const answered = await respond(chosen, { USERNAME: 'ben', EMAIL_OTP_CODE: code });
  expect(answered.status).toBe(200);

  await prefer('ben', { SoftwareTokenMfaSettings: PREFERRED });
  expect((await signIn('ben')).body.ChallengeName).toBe('SOFTWARE_TOKEN_MFA');
  await prefer('ben', { EmailMfaSettings: PREFERRED });
  expect((await signIn('ben')).body.ChallengeName).toBe('EMAIL_OTP');
  const { body } = await node.call('AdminGetUser', { UserPoolId, Username: 'ben' });
  expect(body).toMatchObject({
    UserMFASettingList: ['SOFTWARE_TOKEN_MFA', 'EMAIL_OTP'],
    PreferredMfaSetting: 'EMAIL_OTP',
  });
  await prefer('ben', { EmailMfaSettings: ON });
  expect((await signIn('ben')).body.ChallengeName).toBe('SELECT_MFA_TYPE');
});

test.each([
  ['an app that is not there', 'cat', { SoftwareTokenMfaSettings: ON }],
  ['an address that nobody verified', 'mia', { EmailMfaSettings: ON }],
  ['SMS, which the pool does not take', 'cat', { SMSMfaSettings: ON }],
])('nobody chooses %s', async (_words, name, settings) => {
  await node.call('AdminGetUser', { UserPoolId, Username: name });
  expect((await prefer(name, settings)).error).toBe('InvalidParameterException');
});

test('whoever is asked for codes by e-mail sets no new password by one', async () => {
  await node.call('AdminGetUser', { UserPoolId, Username: 'gus' });
  await prefer('gus', { EmailMfaSettings: ON });
  const ask = { ClientId: CLIENT, Username: 'gus' };
  const refused = await node.call('ForgotPassword', ask);
  expect([refused.error, refused.body.message]).toEqual([
    'InvalidParameterException',
    'Cannot reset password for the user as there is no registered/verified email or phone_number',
  ]);
  const reset = await node.call('AdminResetUserPassword', { UserPoolId, Username: 'gus' });
  expect(reset.error).toBe('InvalidParameterException');
  // A code that was sent before is good no more, either.
  await prefer('gus', { EmailMfaSettings: { Enabled: false } });
  expect((await node.call('ForgotPassword', ask)).status).toBe(200);
  const [ConfirmationCode = ''] = await codesOf('gus', 1);
  await prefer('gus', { EmailMfaSettings: ON });
  const set = { ...ask, ConfirmationCode, Password: 'another long one' };
  expect((await node.call('ConfirmForgotPassword', set)).error).toBe('ExpiredCodeException');
  expect(await node.letters('gus@example.com')).toHaveLength(1);
});

test('two factors cannot both be preferred', async () => {
  await setUpApp('dan');
  const both = { SoftwareTokenMfaSettings: PREFERRED, EmailMfaSettings: PREFERRED };
  expect((await prefer('dan', both)).error).toBe('InvalidParameterException');
});

test('a pool that the API made asks everybody by e-mail, and says so', async () => {
  const { body } = await node.call('CreateUserPool', { PoolName: 'x' });
  const id = { UserPoolId: body.UserPool.Id };
  expect((await node.call('GetUserPoolMfaConfig', id)).body).toEqual({ MfaConfiguration: 'OFF' });
  const EmailMfaConfiguration = { Message: 'Code {####}', Subject: 'Your code' };
  const config = { MfaConfiguration: 'ON', EmailMfaConfiguration };
  expect((await node.call('SetUserPoolMfaConfig', { ...id, ...config })).body).toEqual(config);
  const Policies = { PasswordPolicy: { MinimumLength: 8 } };
  await node.call('UpdateUserPool', { ...id, MfaConfiguration: 'ON', Policies });
  expect((await node.call('GetUserPoolMfaConfig', id)).body).toEqual(config);

  const made = await node.call('CreateUserPoolClient', {
    ...id,
    ClientName: 'app',
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
  });
  const { ClientId } = made.body.UserPoolClient;
  for (const [name, isVerified] of [
    ['una', true],
    ['vic', false],
  ] as const) {
    const UserAttributes = [
      { Name: 'email', Value: `${name}@made.example` },
      { Name: 'email_verified', Value: String(isVerified) },
    ];
    const user = { ...id, Username: name };
    await node.call('AdminCreateUser', { ...user, UserAttributes, MessageAction: 'SUPPRESS' });
    const set = { ...user, Password: PASSWORD, Permanent: true };
    expect((await node.call('AdminSetUserPassword', set)).status).toBe(200);
  }
  expect((await signIn('una', ClientId)).body.ChallengeName).toBe('EMAIL_OTP');
  expect((await signIn('vic', ClientId)).body.message).toBe(
    'MFA is required, and the user has no verified email or phone_number.',
  );
});

test.each([
  ['passkeys', { WebAuthnConfiguration: { RelyingPartyId: 'made.example' } }],
  ['no factor', { SoftwareTokenMfaConfiguration: { Enabled: false } }],
])('a pool cannot ask for %s', async (_words, config) => {
  const { body } = await node.call('CreateUserPool', { PoolName: 'x' });
  const asked = { UserPoolId: body.UserPool.Id, MfaConfiguration: 'ON', ...config };
  expect((await node.call('SetUserPoolMfaConfig', asked)).error).toBe('InvalidParameterException');
});
