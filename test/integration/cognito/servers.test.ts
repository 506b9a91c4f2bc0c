import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  CALLBACK,
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  SIGNED_OUT,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { csrfIn } from '../../support/account-node.ts';
import { startServers, type TestServers } from '../../support/servers.ts';
import { takingTurns } from '../../support/relying-parties/through-node.ts';
import { createSrpClient } from '../../support/srp-client.ts';
import { createHostedVisitor } from './hosted-visitor.ts';

const ClientId = ROTATING_CLIENT;
const GOOD = 'a long new password';
const UserPoolId = POOL;

let servers: TestServers;
let node: CognitoNode;
/** Beside the first, on the same stores and keys. */
let other: CognitoNode;
beforeAll(async () => {
  servers = await startServers();
  const { settings } = servers;
  node = await openCognitoNode({}, settings);
  other = await openCognitoNode({}, settings, { mode: 'accept' }, node.endpoint);
});
afterAll(async () => {
  await Promise.all([node.close(), other.close()]);
  await servers.stop();
});

/** A handshake that is begun at one node and ended at another. */
async function srp(
  password: string,
  { name = 'nia', begin = node, end = node } = {},
): Promise<Answered> {
  const client = createSrpClient();
  const AuthParameters = { USERNAME: name, SRP_A: client.A };
  const begun = { AuthFlow: 'USER_SRP_AUTH', ClientId, AuthParameters };
  const { body } = await begin.call('InitiateAuth', begun);
  return await end.call('RespondToAuthChallenge', {
    ClientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: client.answer(body.ChallengeParameters, { pool: POOL, password }),
  });
}

function codeFor(address: string): Promise<string> {
  return vi.waitFor(async () => {
    const [letter] = await node.letters(address);
    const [code] = /\b\d{6}\b/.exec(letter?.text ?? '') ?? [];
    return code ?? expect.fail('no letter');
  }, 60_000);
}

async function signUp(Username: string): Promise<void> {
  const UserAttributes = [{ Name: 'email', Value: `${Username}@new.example` }];
  const user = { ClientId, Username };
  await node.call('SignUp', { ...user, Password: GOOD, UserAttributes });
  const ConfirmationCode = await codeFor(`${Username}@new.example`);
  expect((await node.call('ConfirmSignUp', { ...user, ConfirmationCode })).body).toEqual({});
}

test('on Redis and PostgreSQL people sign up, prove their password, and are signed out', async () => {
  await signUp('nia');
  expect((await srp('another')).error).toBe('NotAuthorizedException');
  const { AccessToken, RefreshToken } = (await srp(GOOD)).body.AuthenticationResult;
  const refresh = (): Promise<Answered> =>
    node.call('GetTokensFromRefreshToken', { ClientId, RefreshToken });
  const answers = await Promise.all([refresh(), refresh(), refresh()]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);

  const list = { UserPoolId, Filter: 'email ^= "nia@"' };
  const { body } = await node.call('ListUsers', list);
  expect(body.Users.map(({ Username }) => Username)).toEqual(['nia']);
  await node.call('AdminDeleteUser', { UserPoolId, Username: 'nia' });
  expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
  expect((await node.call('ListUsers', list)).body.Users).toEqual([]);
});

test('whoever signed up at one node signs in across both, and out at one is out at the other', async () => {
  await signUp('ole');
  const across = await srp(GOOD, { name: 'ole', begin: node, end: other });
  const { AccessToken, RefreshToken } = across.body.AuthenticationResult;
  const back = await srp(GOOD, { name: 'ole', begin: other, end: node });
  const second = back.body.AuthenticationResult;
  for (const one of [node, other])
    for (const token of [AccessToken, second.AccessToken])
      expect((await one.call('GetUser', { AccessToken: token })).body.Username).toBe('ole');

  expect((await node.call('GlobalSignOut', { AccessToken })).body).toEqual({});
  await vi.waitFor(
    async () => {
      for (const token of [AccessToken, second.AccessToken])
        expect((await other.call('GetUser', { AccessToken: token })).status).toBe(400);
    },
    { timeout: 60_000, interval: 20 },
  );
  expect((await other.call('GetTokensFromRefreshToken', { ClientId, RefreshToken })).error).toBe(
    'NotAuthorizedException',
  );
});

test('what the API makes at one node serves at the other', async () => {
  const made = await node.call('CreateUserPoolClient', {
    UserPoolId,
    ClientName: 'made',
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
  });
  const AuthParameters = { USERNAME: 'ann', PASSWORD: 'latchkey-dev' };
  const flow = {
    ClientId: made.body.UserPoolClient.ClientId,
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters,
  };
  expect((await other.call('InitiateAuth', flow)).status).toBe(200);

  const group = { UserPoolId, GroupName: 'red', Precedence: 3 };
  await node.call('CreateGroup', group);
  await other.call('UpdateGroup', { ...group, Precedence: 1 });
  expect((await node.call('GetGroup', group)).body).toMatchObject({ Group: { Precedence: 1 } });
  const server = { UserPoolId, Identifier: 'orders', Name: 'Orders', Scopes: [] };
  await node.call('CreateResourceServer', server);
  const { body: listed } = await other.call('ListResourceServers', { UserPoolId });
  expect(listed).toEqual({ ResourceServers: [server] });
  const { body: pool } = await other.call('DescribeUserPool', { UserPoolId });
  expect(pool.UserPool).toMatchObject({ EstimatedNumberOfUsers: expect.any(Number) });
});

test('pages that one node shows the other takes, from the sign-up to the sign-out', async () => {
  const send = takingTurns([node.way, other.way]);
  const visitor = createHostedVisitor(node.endpoint, send);
  const { browser } = visitor;
  type Visited = Awaited<ReturnType<typeof browser.visit>>;
  /** Types something on a page that the other node has shown. */
  async function type(page: Visited, fields: Readonly<Record<string, string>>): Promise<Visited> {
    const csrf = csrfIn((await page.response?.text()) ?? '');
    const body = new URLSearchParams({ action: 'continue', csrf, ...fields });
    return await browser.visit(page.url.href, { method: 'POST', body });
  }

  const start = await visitor.ask({}, '/signup');
  const details = { login: 'pam', email: 'pam@new.example', password: GOOD };
  const page = await type(start, details);
  expect(page.url.pathname).toMatch(/\/signup\/code$/u);
  const { url: to } = await type(page, { code: await codeFor('pam@new.example') });
  const redeemed = await visitor.redeem(to.searchParams.get('code') ?? '');
  expect(redeemed).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });

  const out = await browser.visit(`/logout?client_id=${CLIENT}&logout_uri=${SIGNED_OUT}`);
  expect(out.url.href).toBe(SIGNED_OUT);
  const headers = { Authorization: `Bearer ${redeemed.body['access_token'] ?? ''}` };
  await vi.waitFor(
    async () => {
      for (const { way } of [node, other])
        expect((await way.fetch(`${node.endpoint}/oauth2/userInfo`, { headers })).status).toBe(401);
    },
    { timeout: 60_000, interval: 20 },
  );
  expect((await visitor.ask()).url.pathname).toMatch(/^\/interaction\//u);
});

describe('in a pool of telephone numbers that the API made', () => {
  const PASSWORD = 'A-long-password-1';
  const SmsConfiguration = { SnsCallerArn: 'arn:aws:iam::123456789012:role/x', ExternalId: 'x' };
  let client: string;
  beforeAll(async () => {
    const made = await node.call('CreateUserPool', {
      PoolName: 'phones',
      UsernameAttributes: ['phone_number'],
      AutoVerifiedAttributes: ['phone_number'],
      MfaConfiguration: 'OPTIONAL',
      SmsConfiguration,
    });
    const app = await node.call('CreateUserPoolClient', {
      UserPoolId: made.body.UserPool.Id,
      ClientName: 'app',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid'],
      CallbackURLs: [CALLBACK],
      SupportedIdentityProviders: ['COGNITO'],
    });
    client = app.body.UserPoolClient.ClientId;
  });

  function textTo(number: string, seen?: string): Promise<string> {
    return vi.waitFor(async () => {
      const codes = (await node.letters(number)).flatMap((message) => message.codes);
      return codes.find((code) => code !== seen) ?? expect.fail('no text message');
    }, 60_000);
  }

  function signIn(number: string): object {
    const AuthParameters = { USERNAME: number, PASSWORD };
    return { ClientId: client, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters };
  }

  /** Signed up at one node, confirmed at the other; gives the code. */
  async function signUpAcross(Username: string): Promise<string> {
    const user = { ClientId: client, Username };
    expect((await node.call('SignUp', { ...user, Password: PASSWORD })).status).toBe(200);
    const ConfirmationCode = await textTo(Username);
    expect((await other.call('ConfirmSignUp', { ...user, ConfirmationCode })).body).toEqual({});
    const { AccessToken } = (await node.call('InitiateAuth', signIn(Username))).body
      .AuthenticationResult;
    const SMSMfaSettings = { Enabled: true };
    const chosen = await other.call('SetUserMFAPreference', { AccessToken, SMSMfaSettings });
    expect(chosen.body).toEqual({});
    return ConfirmationCode;
  }

  test('a code that one node sent is good at both, once', async () => {
    const number = '+15550002001';
    const seen = await signUpAcross(number);
    const { body } = await node.call('InitiateAuth', signIn(number));
    expect(body.ChallengeName).toBe('SMS_MFA');
    const SMS_MFA_CODE = await textTo(number, seen);
    const answer = {
      ClientId: client,
      ChallengeName: body.ChallengeName,
      Session: body.Session,
      ChallengeResponses: { USERNAME: number, SMS_MFA_CODE },
    };
    const answers = await Promise.all(
      [other, node, other].map((one) => one.call('RespondToAuthChallenge', answer)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('whoever is to be asked for a code does not get in where the gateway is gone, and is told so', async () => {
    const number = '+15550002002';
    await signUpAcross(number);
    const endpoint = 'https://pools.example.com';
    const settings = { ...servers.settings, profile: 'production' };
    const gone = await openCognitoNode({ clients: [] }, settings, {}, endpoint);
    // In front of it a proxy speaks TLS.
    const behindProxy: typeof fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      url.protocol = 'http:';
      return gone.way.fetch(url.href, init);
    };
    try {
      const refused = await behindProxy(endpoint, {
        method: 'POST',
        headers: { 'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
        body: JSON.stringify(signIn(number)),
      });
      expect([refused.status, await refused.json()]).toEqual([
        400,
        {
          __type: 'InvalidSmsRoleAccessPolicyException',
          message: 'Text messages cannot be sent.',
        },
      ]);

      const { ask, browser } = createHostedVisitor(endpoint, behindProxy);
      const page = await ask({ client_id: client, scope: 'openid' });
      const csrf = csrfIn((await page.response?.text()) ?? '');
      const body = new URLSearchParams({
        csrf,
        login: number,
        password: PASSWORD,
        action: 'continue',
      });
      const { response } = await browser.visit(page.url.href, { method: 'POST', body });
      expect([response?.status, await response?.text()]).toEqual([
        503,
        expect.stringContaining('The code could not be sent.'),
      ]);
      const reported = gone.log.filter(({ fields }) => fields['event'] === 'sms.not_queued');
      expect(reported).toMatchObject([{ level: 'error' }, { level: 'error' }]);
    } finally {
      await gone.close();
    }
  });
});
