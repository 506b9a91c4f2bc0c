import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { createHostedVisitor } from './hosted-visitor.ts';

/** What a pool's triggers do in these tests: each prints what it was given. */
const FILES: Readonly<Record<string, string>> = {
  'PreSignUp.js': `
    exports.handler = async (event) => {
      console.log(JSON.stringify(event));
      if (event.userName === 'banned') throw new Error('no such people');
      if (event.userName === 'odd') return { response: { autoConfirmUser: 'yes' } };
      if (event.userName === 'nothing') return undefined;
      event.response.autoConfirmUser = event.userName.startsWith('auto');
      event.response.autoVerifyEmail = event.userName.startsWith('auto');
      return event;
    };`,
  'PostConfirmation.mjs': `
    export const handler = async (event) => {
      console.log(JSON.stringify(event));
      return event;
    };`,
  'PreAuthentication.js': `
    exports.handler = (event, context, callback) => {
      console.log(JSON.stringify(event));
      if (event.userName === 'ben') callback('Not today');
      else if (event.request.validationData?.sleep) setTimeout(() => callback(null, event), 60_000);
      else if (event.request.validationData?.crash) process.exit(3);
      else callback(null, event);
    };`,
  'PostAuthentication.js': `
    exports.handler = async (event) => {
      console.log(JSON.stringify(event));
      if (event.userName === 'cat') throw new Error('Not tomorrow');
      return event;
    };`,
  'CustomMessage.mjs': `
    export const handler = async (event) => {
      console.log(JSON.stringify(event));
      const { codeParameter, usernameParameter, clientMetadata } = event.request;
      if (clientMetadata?.mute) throw new Error('no letters today');
      if (clientMetadata?.codeless) event.response.emailMessage = 'Hello';
      else if (event.userName.startsWith('mel')) {
        event.response.emailSubject = 'From ' + event.triggerSource;
        event.response.emailMessage = '<p>' + (usernameParameter ?? 'You') + ', type <b>' + codeParameter + '</b></p>';
      }
      return event;
    };`,
  'token.cjs': `
    exports.handler = async (event) => {
      console.log(JSON.stringify(event));
      if (event.request.clientMetadata?.refuse) throw new Error('Not now');
      event.response.claimsAndScopeOverrideDetails = {
        idTokenGeneration: {
          claimsToAddOrOverride: { plan: 'gold', sub: 'somebody-else', aud: 'another-client' },
          claimsToSuppress: ['email', 'token_use'],
        },
        accessTokenGeneration: {
          claimsToAddOrOverride: { tenant: { id: 7 }, rev: '', gid: 'x', 'cognito:groups': ['admins'] },
          scopesToAdd: ['https://api.example.com/read'],
        },
        groupOverrideDetails: { groupsToOverride: ['made-up'] },
      };
      return event;
    };`,
  'UserMigration.js': `
    exports.handler = async (event) => {
      console.log(JSON.stringify({ ...event, request: { ...event.request, password: '' } }));
      const isKnown = event.userName.startsWith('old');
      const isRight = event.request.password === 'a password from elsewhere 1' || event.request.password === null;
      if (!isKnown || !isRight) throw new Error('Bad password');
      event.response.userAttributes = { email: event.userName + '@example.org', email_verified: 'true', name: 'Olivia' };
      event.response.finalUserStatus = 'CONFIRMED';
      event.response.messageAction = 'SUPPRESS';
      return event;
    };`,
};

let node: CognitoNode;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-triggers-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  node = await openCognitoNode({
    triggers: {
      folder,
      files: { PreTokenGeneration: 'token.cjs' },
      tokenVersion: 'V2_0',
      timeout: '3s',
    },
  });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

function signIn(name: string, input: object = {}, password = PASSWORD): Promise<Answered> {
  return node.call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: CLIENT,
    AuthParameters: { USERNAME: name, PASSWORD: password },
    ...input,
  });
}

function signUp(name: string, input: object = {}): Promise<Answered> {
  return node.call('SignUp', {
    ClientId: CLIENT,
    Username: name,
    Password: 'correct horse battery',
    UserAttributes: [{ Name: 'email', Value: `${name}@example.org` }],
    ...input,
  });
}

/** The last event of which a trigger printed that it was given it. */
function lastEvent(trigger: string): unknown {
  const line = node.log.findLast(
    ({ fields, message }) => fields['trigger'] === trigger && message.startsWith('{'),
  );
  return JSON.parse(line?.message ?? 'null');
}

describe('PreSignUp', () => {
  test('confirms whom it says, and is told what Lambda is told', async () => {
    const { body } = await signUp('auto-anna', {
      ValidationData: [{ Name: 'invite', Value: '42' }],
      ClientMetadata: { from: 'here' },
    });
    expect(body).toMatchObject({ UserConfirmed: true, UserSub: expect.any(String) });
    expect(body).not.toHaveProperty('CodeDeliveryDetails');
    expect(lastEvent('PreSignUp')).toEqual({
      version: '1',
      region: 'us-east-1',
      userPoolId: POOL,
      userName: 'auto-anna',
      callerContext: { awsSdkVersion: expect.any(String), clientId: CLIENT },
      triggerSource: 'PreSignUp_SignUp',
      request: {
        userAttributes: { email: 'auto-anna@example.org' },
        validationData: { invite: '42' },
        clientMetadata: { from: 'here' },
      },
      response: { autoConfirmUser: false, autoVerifyEmail: false, autoVerifyPhone: false },
    });
    expect(lastEvent('PostConfirmation')).toMatchObject({
      triggerSource: 'PostConfirmation_ConfirmSignUp',
      request: {
        userAttributes: {
          email_verified: 'true',
          'cognito:user_status': 'CONFIRMED',
          sub: expect.any(String),
        },
      },
    });
    const signedIn = await signIn('auto-anna', {}, 'correct horse battery');
    expect(signedIn.status).toBe(200);
  });

  test('refuses in its own words, and nobody is made', async () => {
    const refused = await signUp('banned');
    expect([refused.error, refused.body.message]).toEqual([
      'UserLambdaValidationException',
      'PreSignUp failed with error no such people.',
    ]);
    const found = await node.call('AdminGetUser', { UserPoolId: POOL, Username: 'banned' });
    expect(found.error).toBe('UserNotFoundException');
    const line = node.log.findLast(({ fields }) => fields['event'] === 'trigger.failed');
    expect(line?.fields['problem']).toContain('PreSignUp.js');
  });

  test.each(['odd', 'nothing'])('what cannot be understood of it is refused: %s', async (name) => {
    expect((await signUp(name)).error).toBe('InvalidLambdaResponseException');
  });

  test('is asked about users that operators make', async () => {
    const made = await node.call('AdminCreateUser', {
      UserPoolId: POOL,
      Username: 'banned',
      MessageAction: 'SUPPRESS',
    });
    expect(made.error).toBe('UserLambdaValidationException');
    expect(lastEvent('PreSignUp')).toMatchObject({
      triggerSource: 'PreSignUp_AdminCreateUser',
      callerContext: { clientId: 'CLIENT_ID_NOT_APPLICABLE' },
    });
  });
});

test('PostConfirmation hears of a user whom a letter, or an operator, has confirmed', async () => {
  await signUp('paula');
  const confirmed = await node.call('AdminConfirmSignUp', {
    UserPoolId: POOL,
    Username: 'paula',
    ClientMetadata: { by: 'hand' },
  });
  expect(confirmed.status).toBe(200);
  expect(lastEvent('PostConfirmation')).toMatchObject({
    userName: 'paula',
    request: { clientMetadata: { by: 'hand' } },
  });
});

describe('around a sign-in', () => {
  test('PreAuthentication and PostAuthentication are told of it', async () => {
    expect((await signIn('ann', { ClientMetadata: { app: '3.1' } })).status).toBe(200);
    expect(lastEvent('PreAuthentication')).toMatchObject({
      triggerSource: 'PreAuthentication_Authentication',
      userName: 'ann',
      request: { validationData: { app: '3.1' }, userAttributes: { email: 'ann@example.com' } },
    });
    expect(lastEvent('PostAuthentication')).toMatchObject({
      triggerSource: 'PostAuthentication_Authentication',
      request: { newDeviceUsed: false },
    });
  });

  test.each([
    ['ben', 'PreAuthentication failed with error Not today.'],
    ['cat', 'PostAuthentication failed with error Not tomorrow.'],
  ])('each may refuse %s', async (name, message) => {
    const refused = await signIn(name);
    expect([refused.error, refused.body.message]).toEqual([
      'UserLambdaValidationException',
      message,
    ]);
  });

  test.each([
    ['sleep', 'Socket timeout while invoking Lambda function'],
    ['crash', 'Unhandled'],
  ])(
    'one that does not come to an end refuses, and the next sign-in goes on: %s',
    async (what, problem) => {
      const refused = await signIn('dan', { ClientMetadata: { [what]: 'yes' } });
      expect([refused.error, refused.body.message]).toEqual([
        'UnexpectedLambdaException',
        `PreAuthentication invocation failed due to error ${problem}.`,
      ]);
      expect((await signIn('dan')).status).toBe(200);
    },
  );

  test('the hosted pages give no tokens to whom they refuse', async () => {
    await expect(createHostedVisitor(node.endpoint).signIn({}, 'ben')).rejects.toThrow(
      'PreAuthentication failed with error Not today.',
    );
  });
});

describe('CustomMessage', () => {
  const ask = { ClientId: CLIENT, Username: 'mel' };
  const pooled = { UserPoolId: POOL, Username: 'mel' };

  /** The letter with this subject, once it is there. */
  async function letter(subject: string, to = 'mel@example.org') {
    return await vi.waitFor(
      async () => {
        const found = (await node.letters(to)).find((one) => one.subject === subject);
        if (found === undefined) throw new Error(`no letter ${subject}`);
        return found;
      },
      { timeout: 60_000 },
    );
  }

  test('writes each letter with a code, which it never learns', async () => {
    await signUp('mel', { ClientMetadata: { from: 'here' } });
    const first = await letter('From CustomMessage_SignUp');
    expect(first.text).toBe(`You, type ${first.codes[0]}\n`);
    expect(lastEvent('CustomMessage')).toMatchObject({
      triggerSource: 'CustomMessage_SignUp',
      callerContext: { clientId: CLIENT },
      request: {
        userAttributes: { email: 'mel@example.org' },
        codeParameter: '{####}',
        usernameParameter: null,
        linkParameter: null,
        clientMetadata: { from: 'here' },
      },
      response: { smsMessage: null, emailMessage: null, emailSubject: null },
    });
    await node.call('ResendConfirmationCode', ask);
    const { codes } = await letter('From CustomMessage_ResendCode');
    const [ConfirmationCode] = codes;
    expect((await node.call('ConfirmSignUp', { ...ask, ConfirmationCode })).body).toEqual({});
    await node.call('ForgotPassword', ask);
    await letter('From CustomMessage_ForgotPassword');
    await node.call('AdminResetUserPassword', { ...pooled, ClientMetadata: { by: 'hand' } });
    expect(lastEvent('CustomMessage')).toMatchObject({
      triggerSource: 'CustomMessage_ForgotPassword',
      callerContext: { clientId: 'CLIENT_ID_NOT_APPLICABLE' },
      request: { clientMetadata: { by: 'hand' } },
    });
    const UserAttributes = [{ Name: 'email', Value: 'mel@other.example' }];
    await node.call('AdminUpdateUserAttributes', { ...pooled, UserAttributes });
    await letter('From CustomMessage_UpdateUserAttribute', 'mel@other.example');
  });

  test('writes to whom operators make, with their name as text', async () => {
    await node.call('AdminCreateUser', {
      UserPoolId: POOL,
      Username: 'mel<b>',
      TemporaryPassword: 'for one & no more',
      UserAttributes: [{ Name: 'email', Value: 'melb@example.org' }],
    });
    const { text } = await letter('From CustomMessage_AdminCreateUser', 'melb@example.org');
    expect(text).toBe('mel<b>, type for one & no more\n');
  });

  test('refuses in its own words, or by a letter without a place for the code; the others are the house’s', async () => {
    const muted = await node.call('ForgotPassword', {
      ClientId: CLIENT,
      Username: 'gus',
      ClientMetadata: { mute: '1' },
    });
    expect([muted.error, muted.body.message]).toEqual([
      'UserLambdaValidationException',
      'CustomMessage failed with error no letters today.',
    ]);
    const ClientMetadata = { codeless: '1' };
    const empty = await node.call('ForgotPassword', {
      ClientId: CLIENT,
      Username: 'gus',
      ClientMetadata,
    });
    expect(empty.error).toBe('InvalidLambdaResponseException');
    await node.call('ForgotPassword', { ClientId: CLIENT, Username: 'gus' });
    await letter('Your code for a new password at Latchkey', 'gus@example.com');
  });
});

describe('PreTokenGeneration', () => {
  test('changes claims, scopes and groups, but nothing that says whose they are or takes them back', async () => {
    const { body } = await signIn('eve');
    const { AccessToken, IdToken } = body.AuthenticationResult;
    const access = decodeJwt(AccessToken);
    const id = decodeJwt(IdToken);
    expect(lastEvent('PreTokenGeneration')).toMatchObject({
      version: '2',
      triggerSource: 'TokenGeneration_Authentication',
      request: {
        scopes: ['aws.cognito.signin.user.admin'],
        groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
      },
      response: { claimsAndScopeOverrideDetails: null },
    });
    expect(access).toMatchObject({
      tenant: { id: 7 },
      scope: 'aws.cognito.signin.user.admin https://api.example.com/read',
      'cognito:groups': ['made-up'],
      gid: access['origin_jti'],
      rev: expect.stringMatching(/./),
    });
    expect(id).toMatchObject({ plan: 'gold', aud: CLIENT, token_use: 'id', sub: access.sub });
    expect(id['email']).toBeUndefined();
    const got = await node.call('GetUser', { AccessToken });
    expect(got.body.Username).toBe('eve');
  });

  test('is told when tokens are refreshed, and when they are for the hosted pages', async () => {
    const { refresh_token: token } = await createHostedVisitor(node.endpoint).signIn({}, 'eve');
    expect(lastEvent('PreTokenGeneration')).toMatchObject({
      triggerSource: 'TokenGeneration_HostedAuth',
      request: { scopes: expect.arrayContaining(['openid']) },
    });
    await node.call('GetTokensFromRefreshToken', {
      ClientId: CLIENT,
      RefreshToken: token,
      ClientMetadata: { why: 'expired' },
    });
    expect(lastEvent('PreTokenGeneration')).toMatchObject({
      triggerSource: 'TokenGeneration_RefreshTokens',
      request: { clientMetadata: { why: 'expired' } },
    });
  });
});

test('a refresh token that is good once is not used up when PreTokenGeneration refuses', async () => {
  const { body } = await signIn('fay', { ClientId: ROTATING_CLIENT });
  const refresh = (ClientMetadata: object): Promise<Answered> =>
    node.call('GetTokensFromRefreshToken', {
      ClientId: ROTATING_CLIENT,
      RefreshToken: body.AuthenticationResult.RefreshToken,
      ClientMetadata,
    });
  expect((await refresh({ refuse: 'yes' })).error).toBe('UserLambdaValidationException');
  expect((await refresh({})).body.AuthenticationResult.RefreshToken).toMatch(/./);
  expect((await refresh({})).error).toBe('NotAuthorizedException');
});

describe('UserMigration', () => {
  test('brings whom another directory knows, with the password that they typed', async () => {
    expect((await signIn('old-olivia', {}, 'a password from elsewhere 1')).status).toBe(200);
    expect(lastEvent('UserMigration')).toMatchObject({
      triggerSource: 'UserMigration_Authentication',
      userName: 'old-olivia',
    });
    const again = await signIn('old-olivia@example.org', {}, 'a password from elsewhere 1');
    expect(decodeJwt(again.body.AuthenticationResult.IdToken)).toMatchObject({ name: 'Olivia' });
  });

  test('brings whoever has forgotten their password, who gets a letter', async () => {
    const asked = await node.call('ForgotPassword', { ClientId: CLIENT, Username: 'old-oskar' });
    expect(asked.status).toBe(200);
    const letters = () => node.letters('old-oskar@example.org');
    await expect.poll(letters).toHaveLength(1);
    expect((await letters())[0]?.codes[0]).toMatch(/^\d+$/);
  });

  test('is a guess at a password, and is limited as those are', async () => {
    const guesses = Array.from({ length: 30 }, (_, guess) => `guess ${guess}`);
    const messages: string[] = [];
    for (const guess of guesses) messages.push((await signIn('old-otto', {}, guess)).body.message);
    expect(messages[0]).toBe('UserMigration failed with error Bad password.');
    expect(messages.at(-1)).toBe('Password attempts exceeded');
  });
});

test('a pool whose triggers cannot be loaded does not open', async () => {
  const bad = await mkdtemp(join(tmpdir(), 'latchkey-triggers-'));
  await writeFile(join(bad, 'PreSignUp.js'), 'exports.other = 1;');
  await expect(openCognitoNode({ triggers: { folder: bad } })).rejects.toThrow(
    'exports no function "handler"',
  );
  await rm(bad, { recursive: true });
});
