import { decodeJwt } from 'jose';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  AmplifyAuth,
  Answer,
  AwsSdk,
  Done,
  IdentityJs,
  IdentityPool,
  IdentitySession,
  IdentityUser,
  JwtVerify,
} from '../support/cognito-sdks.ts';
import { installCompat, requireCompat } from '../support/compat.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

const POOL = 'us-east-1_Dev00001';
/** Its refresh tokens are good once. */
const ROTATING = 'rotatingclient1';
const AWS_POOL = 'eu-central-1_Prod00001';
/** Of people whose telephone numbers are their names. */
const PHONE_POOL = 'us-east-1_Phones0001';
const CLIENT = 'publicclient1';
const PHONE_CLIENT = 'phoneclient1';
const AWS_CLIENT = 'awsclient1';
const PASSWORD = 'Latchkey-dev-1';
const ACCESS_KEY = 'AKIDTESTS';
const SECRET_KEY = 'a-secret-access-key-of-the-tests-and-of-nothing-else-0001';

let latchkey: Latchkey;
let endpoint: string;

beforeAll(async () => {
  await installCompat();
  const port = await freePort();
  endpoint = `http://localhost:${port}`;
  latchkey = await startLatchkey({
    settings: {
      people: [
        { username: 'alice', email: 'alice@example.com', emailVerified: true, password: PASSWORD },
      ],
      cognito: {
        enabled: true,
        endpoint,
        listen: { port },
        signatures: { keys: [{ id: ACCESS_KEY, secret: { env: 'COGNITO_SECRET_KEY' } }] },
        pools: [
          {
            id: POOL,
            people: true,
            clients: [{ id: CLIENT }, { id: ROTATING, rotateRefreshTokens: true }],
          },
          { id: AWS_POOL, issuer: 'aws', people: true, clients: [{ id: AWS_CLIENT }] },
          {
            id: PHONE_POOL,
            signInBy: 'phone',
            autoVerifyPhone: true,
            mfaFactors: ['sms'],
            clients: [{ id: PHONE_CLIENT }],
          },
        ],
      },
    },
    environment: { COGNITO_SECRET_KEY: SECRET_KEY },
  });
});

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

/** The code of a letter to an address: for sign-up, or for another password. */
async function codeFor(address: string, name = 'verify-email'): Promise<string> {
  const url = `${latchkey.issuer}/dev/inbox.json?to=${encodeURIComponent(address)}`;
  return await vi.waitFor(async () => {
    const letters = JSON.parse(await (await fetch(url)).text());
    const letter = letters.find((one: { readonly name: string }) => one.name === name);
    const [, code] = /\b(\d{6})\b/.exec(letter?.text ?? '') ?? [];
    if (code === undefined) throw new Error(`no letter to ${address}`);
    return code;
  }, 60_000);
}

/** The code of a text message to a number, other than the one that was `seen`. */
async function textTo(number: string, seen?: string): Promise<string> {
  const url = `${latchkey.issuer}/dev/inbox.json?to=${encodeURIComponent(number)}`;
  return await vi.waitFor(async () => {
    const messages: readonly { readonly codes: readonly string[] }[] = JSON.parse(
      await (await fetch(url)).text(),
    );
    const code = messages.flatMap(({ codes }) => codes).find((one) => one !== seen);
    if (code === undefined) throw new Error(`no text message to ${number}`);
    return code;
  }, 60_000);
}

/** One operation, without a signature and without an SDK. */
async function operate(operation: string, input: object): Promise<Answer> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}` },
    body: JSON.stringify(input),
  });
  return JSON.parse(await answer.text());
}

/** For applications two hours go by; nothing else of their time does. */
async function twoHoursLater<Result>(work: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3600_000 });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

describe('@aws-sdk/client-cognito-identity-provider', () => {
  function client(secretAccessKey = SECRET_KEY): InstanceType<AwsSdk['CognitoIdentityProvider']> {
    const { CognitoIdentityProvider }: AwsSdk = requireCompat(
      '@aws-sdk/client-cognito-identity-provider',
    );
    const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey };
    return new CognitoIdentityProvider({ endpoint, region: 'us-east-1', credentials });
  }

  async function call(name: string, input: object, by = client()): Promise<Answer> {
    const operation = by[name];
    if (operation === undefined) throw new Error(`the SDK has no ${name}`);
    return await operation.call(by, input);
  }

  function claimsOf(token = ''): object {
    return decodeJwt(token);
  }

  test('leads a user from their making to their end', async () => {
    const user = { UserPoolId: POOL, Username: 'una' };
    const made = await call('adminCreateUser', { ...user, TemporaryPassword: 'For-one-sign-in-1' });
    expect(made.User?.Username).toBe('una');
    expect(made.User?.UserCreateDate).toBeInstanceOf(Date);
    const asked = await call('initiateAuth', {
      ClientId: CLIENT,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'una', PASSWORD: 'For-one-sign-in-1' },
    });
    expect(asked.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
    const { AuthenticationResult: tokens } = await call('respondToAuthChallenge', {
      ClientId: CLIENT,
      ChallengeName: asked.ChallengeName,
      Session: asked.Session,
      ChallengeResponses: { USERNAME: 'una', NEW_PASSWORD: PASSWORD },
    });
    const AccessToken = tokens?.['AccessToken'];
    expect((await call('getUser', { AccessToken })).Username).toBe('una');
    expect(claimsOf(AccessToken)).toMatchObject({ username: 'una', client_id: CLIENT });
    expect(claimsOf(tokens?.['IdToken'])).toMatchObject({ aud: CLIENT, token_use: 'id' });

    const { SecretCode = '' } = await call('associateSoftwareToken', { AccessToken });
    const UserCode = new TOTP({ secret: Secret.fromBase32(SecretCode) }).generate();
    await call('verifySoftwareToken', { AccessToken, UserCode });
    const RefreshToken = tokens?.['RefreshToken'];
    const next = await call('getTokensFromRefreshToken', { ClientId: CLIENT, RefreshToken });
    expect(next.AuthenticationResult?.['AccessToken']).toEqual(expect.any(String));
    await call('revokeToken', { ClientId: CLIENT, Token: RefreshToken });
    await expect(call('getUser', { AccessToken })).rejects.toThrow('Access Token has been revoked');

    const { Users } = await call('listUsers', { UserPoolId: POOL, Filter: 'username = "una"' });
    expect(Users?.map(({ Username }) => Username)).toEqual(['una']);
    await call('adminDeleteUser', user);
    await expect(call('adminGetUser', user)).rejects.toMatchObject({
      name: 'UserNotFoundException',
    });
  });

  test('signs people up, tells by name what went wrong, and signs them out everywhere', async () => {
    const ask = { ClientId: CLIENT, Username: 'sue' };
    const UserAttributes = [{ Name: 'email', Value: 'sue@new.example' }];
    await call('signUp', { ...ask, Password: PASSWORD, UserAttributes });
    const signIn = (password = PASSWORD, ClientId = CLIENT): Promise<Answer> =>
      call('initiateAuth', {
        ClientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: 'sue', PASSWORD: password },
      });
    await expect(signIn()).rejects.toMatchObject({ name: 'UserNotConfirmedException' });
    const confirm = (ConfirmationCode: string): Promise<Answer> =>
      call('confirmSignUp', { ...ask, ConfirmationCode });
    await expect(confirm('000000')).rejects.toMatchObject({ name: 'CodeMismatchException' });
    await confirm(await codeFor('sue@new.example'));
    await expect(signIn('wrong')).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
      $metadata: { httpStatusCode: 400, requestId: expect.any(String) },
    });

    await call('forgotPassword', ask);
    const ConfirmationCode = await codeFor('sue@new.example', 'reset-code');
    const set = { ...ask, ConfirmationCode };
    await expect(call('confirmForgotPassword', { ...set, Password: 'weak' })).rejects.toMatchObject(
      {
        name: 'InvalidPasswordException',
      },
    );
    await call('confirmForgotPassword', { ...set, Password: 'Another-one-4' });
    const { AuthenticationResult: tokens } = await signIn('Another-one-4');
    const AccessToken = tokens?.['AccessToken'];
    await call('globalSignOut', { AccessToken });
    const over = { name: 'NotAuthorizedException', message: 'Access Token has been revoked' };
    await expect(call('getUser', { AccessToken })).rejects.toMatchObject(over);
  });

  test('refreshes with a token that is good once: one that comes back ends the session', async () => {
    const { AuthenticationResult: first } = await call('initiateAuth', {
      ClientId: ROTATING,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'alice', PASSWORD },
    });
    const refresh = (RefreshToken: string | undefined): Promise<Answer> =>
      call('getTokensFromRefreshToken', { ClientId: ROTATING, RefreshToken });
    const { AuthenticationResult: second } = await refresh(first?.['RefreshToken']);
    expect(second?.['RefreshToken']).not.toBe(first?.['RefreshToken']);
    const gone = { name: 'NotAuthorizedException', message: 'Refresh Token has been revoked' };
    await expect(refresh(first?.['RefreshToken'])).rejects.toMatchObject(gone);
    await expect(refresh(second?.['RefreshToken'])).rejects.toMatchObject(gone);
  });

  test('signs people up by their telephone number, and in by codes in text messages', async () => {
    const [ClientId, Username] = [PHONE_CLIENT, '+15550001001'];
    const made = await call('signUp', { ClientId, Username, Password: PASSWORD });
    expect(made.CodeDeliveryDetails).toEqual({
      AttributeName: 'phone_number',
      DeliveryMedium: 'SMS',
      Destination: '+*******1001',
    });
    const ConfirmationCode = await textTo(Username);
    await call('confirmSignUp', { ClientId, Username, ConfirmationCode });
    const signIn = (): Promise<Answer> =>
      call('initiateAuth', {
        ClientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: Username, PASSWORD },
      });
    const { AuthenticationResult: tokens } = await signIn();
    const SMSMfaSettings = { Enabled: true, PreferredMfa: true };
    const AccessToken = tokens?.['AccessToken'];
    await call('setUserMFAPreference', { AccessToken, SMSMfaSettings });
    expect((await call('getUser', { AccessToken })).PreferredMfaSetting).toBe('SMS_MFA');

    const { ChallengeName, Session, ChallengeParameters } = await signIn();
    expect([ChallengeName, ChallengeParameters?.['CODE_DELIVERY_DESTINATION']]).toEqual([
      'SMS_MFA',
      '+*******1001',
    ]);
    const SMS_MFA_CODE = await textTo(Username, ConfirmationCode);
    const ChallengeResponses = { USERNAME: Username, SMS_MFA_CODE };
    const answer = { ClientId, ChallengeName, Session, ChallengeResponses };
    const { AuthenticationResult } = await call('respondToAuthChallenge', answer);
    expect(claimsOf(AuthenticationResult?.['IdToken'])).toMatchObject({
      phone_number: Username,
      phone_number_verified: true,
    });
  });

  test('is refused with a secret key that is not the operator’s', async () => {
    const other = client('another secret');
    await expect(call('listUsers', { UserPoolId: POOL }, other)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
  });
});

describe('amazon-cognito-identity-js', () => {
  function sdk(): IdentityJs {
    return requireCompat('amazon-cognito-identity-js');
  }

  function createStorage(): object {
    const kept = new Map<string, string>();
    return {
      setItem: (name: string, value: string) => void kept.set(name, value),
      getItem: (name: string) => kept.get(name) ?? null,
      removeItem: (name: string) => void kept.delete(name),
      clear: () => kept.clear(),
    };
  }

  function userOf(
    Username: string,
    ClientId = CLIENT,
    UserPoolId = POOL,
  ): { readonly user: IdentityUser; readonly pool: IdentityPool } {
    const Storage = createStorage();
    const { CognitoUser, CognitoUserPool } = sdk();
    const pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage });
    return { pool, user: new CognitoUser({ Username, Pool: pool, Storage }) };
  }

  function signIn(
    user: IdentityUser,
    Username: string,
    Password: string,
  ): Promise<IdentitySession> {
    const details = new (sdk().AuthenticationDetails)({ Username, Password });
    return new Promise((resolve, reject) => {
      user.authenticateUser(details, { onSuccess: resolve, onFailure: reject });
    });
  }

  function done(work: (callback: Done) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      work((error, result) => (error ? reject(error) : resolve(result)));
    });
  }

  test('signs people of the directory in by SRP, refreshes, and signs them out everywhere', async () => {
    const { user } = userOf('alice');
    const session = await signIn(user, 'alice', PASSWORD);
    const ofId = { email: 'alice@example.com', aud: CLIENT, token_use: 'id' };
    expect(session.getIdToken().payload).toMatchObject(ofId);
    const ofAccess = { username: 'alice', client_id: CLIENT, token_use: 'access' };
    expect(session.getAccessToken().payload).toMatchObject(ofAccess);
    const next = await done((callback) => user.refreshSession(session.getRefreshToken(), callback));
    expect(next).toBeDefined();
    await new Promise((resolve, reject) => {
      user.globalSignOut({ onSuccess: resolve, onFailure: reject });
    });
    await expect(signIn(userOf('alice').user, 'alice', 'wrong')).rejects.toMatchObject({
      code: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
    });
  });

  test('renews tokens silently once they have expired, and revokes them at sign-out', async () => {
    const { user, pool } = userOf('alice');
    const session = await signIn(user, 'alice', PASSWORD);
    const renewed = await twoHoursLater(async () => {
      const kept = pool.getCurrentUser();
      return await done((callback) => kept?.getSession(callback));
    });
    const tokenOf = (of: unknown): string => (of as IdentitySession).getAccessToken().getJwtToken();
    expect(tokenOf(renewed)).not.toBe(tokenOf(session));
    const [before, after] = [session, renewed as IdentitySession].map(
      (one) => one.getAccessToken().payload['origin_jti'],
    );
    expect(after).toBe(before);
    await new Promise<void>((resolve) => {
      user.signOut(resolve);
    });
    expect(pool.getCurrentUser()).toBeNull();
    // The SDK itself would try for seconds.
    const RefreshToken = session.getRefreshToken().getToken();
    const refused = await operate('GetTokensFromRefreshToken', { ClientId: CLIENT, RefreshToken });
    expect(refused).toMatchObject({ __type: 'NotAuthorizedException' });
  });

  test('signs people up, confirms them and changes their password', async () => {
    const { user, pool } = userOf('ida');
    const attributes = [{ Name: 'email', Value: 'ida@new.example' }];
    await done((callback) => pool.signUp('ida', PASSWORD, attributes, null, callback));
    await expect(signIn(user, 'ida', PASSWORD)).rejects.toMatchObject({
      code: 'UserNotConfirmedException',
    });
    const code = await codeFor('ida@new.example');
    await done((callback) => user.confirmRegistration(code, true, callback));
    await signIn(user, 'ida', PASSWORD);
    await done((callback) => user.changePassword(PASSWORD, 'Another-one-2', callback));
    expect(await done((callback) => user.getUserAttributes(callback))).toHaveLength(3);
    await signIn(userOf('ida').user, 'ida', 'Another-one-2');

    const { user: forgetful } = userOf('ida');
    await new Promise((onSuccess, onFailure) => {
      forgetful.forgotPassword({ onSuccess, onFailure });
    });
    const confirm = (given: string): Promise<unknown> =>
      new Promise((onSuccess, onFailure) => {
        forgetful.confirmPassword(given, 'Another-one-5', { onSuccess, onFailure });
      });
    await expect(confirm('000000')).rejects.toMatchObject({ code: 'CodeMismatchException' });
    await confirm(await codeFor('ida@new.example', 'reset-code'));
    await signIn(forgetful, 'ida', 'Another-one-5');
  });

  test('signs people up by their telephone number, and in by SRP and a code in a text message', async () => {
    const number = '+15550001002';
    const { user, pool } = userOf(number, PHONE_CLIENT, PHONE_POOL);
    await done((callback) => pool.signUp(number, PASSWORD, [], null, callback));
    const confirmation = await textTo(number);
    await done((callback) => user.confirmRegistration(confirmation, true, callback));
    await signIn(user, number, PASSWORD);
    const settings = { Enabled: true, PreferredMfa: true };
    await done((callback) => user.setUserMfaPreference(settings, null, callback));

    const { user: asked } = userOf(number, PHONE_CLIENT, PHONE_POOL);
    const details = new (sdk().AuthenticationDetails)({ Username: number, Password: PASSWORD });
    const challenge = await new Promise((resolve, onFailure) => {
      const mfaRequired = (name: string, parameters: object): void => resolve([name, parameters]);
      asked.authenticateUser(details, { onSuccess: resolve, onFailure, mfaRequired });
    });
    expect(challenge).toMatchObject([
      'SMS_MFA',
      { CODE_DELIVERY_DELIVERY_MEDIUM: 'SMS', CODE_DELIVERY_DESTINATION: '+*******1002' },
    ]);
    const send = (code: string): Promise<IdentitySession> =>
      new Promise((onSuccess, onFailure) => {
        asked.sendMFACode(code, { onSuccess, onFailure }, 'SMS_MFA');
      });
    const code = await textTo(number, confirmation);
    const wrong = code === '000000' ? '000001' : '000000';
    await expect(send(wrong)).rejects.toMatchObject({ code: 'CodeMismatchException' });
    expect((await send(code)).getIdToken().payload['phone_number']).toBe(number);
  });
});

describe('aws-amplify', () => {
  function configured(userPoolClientId: string, userPoolId = POOL): AmplifyAuth {
    const { Amplify }: { readonly Amplify: { configure(options: object): void } } =
      requireCompat('aws-amplify');
    Amplify.configure({
      Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: endpoint } },
    });
    return requireCompat('aws-amplify/auth');
  }

  async function accessToken({ fetchAuthSession }: AmplifyAuth, options = {}): Promise<string> {
    const { tokens } = await fetchAuthSession(options);
    return String(tokens?.accessToken);
  }

  test('renews tokens silently once they have expired, with a refresh token that is good once, too', async () => {
    for (const client of [CLIENT, ROTATING]) {
      const auth = configured(client);
      await auth.signIn({ username: 'alice', password: PASSWORD });
      const seen = [await accessToken(auth)];
      seen.push(await twoHoursLater(() => accessToken(auth)));
      // The token that came with the last is what the next is asked for by.
      seen.push(await accessToken(auth, { forceRefresh: true }));
      expect(new Set(seen).size).toBe(3);
      await auth.signOut();
      expect(await accessToken(auth)).toBe('undefined');
    }
  });

  test('tells by name what went wrong', async () => {
    const auth = configured(CLIENT);
    const wrong = auth.signIn({ username: 'alice', password: 'wrong' });
    await expect(wrong).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
    });
    const weak = auth.signUp({ username: 'weak', password: 'weak' });
    await expect(weak).rejects.toMatchObject({ name: 'InvalidPasswordException' });
    await auth.resetPassword({ username: 'alice' });
    const reset = auth.confirmResetPassword({
      username: 'alice',
      confirmationCode: '000000',
      newPassword: 'Another-one-6',
    });
    await expect(reset).rejects.toMatchObject({ name: 'CodeMismatchException' });
  });

  test('signs people up and in by SRP, renews their tokens and signs them out', async () => {
    const auth = configured(CLIENT);
    const options = { userAttributes: { email: 'amy@new.example' } };
    const { nextStep } = await auth.signUp({ username: 'amy', password: PASSWORD, options });
    expect(nextStep.signUpStep).toBe('CONFIRM_SIGN_UP');
    const confirmationCode = await codeFor('amy@new.example');
    await auth.confirmSignUp({ username: 'amy', confirmationCode });
    expect(await auth.signIn({ username: 'amy', password: PASSWORD })).toMatchObject({
      isSignedIn: true,
    });
    expect(await auth.fetchUserAttributes()).toMatchObject({ email_verified: 'true' });
    const before = await auth.fetchAuthSession();
    expect(before.tokens).toMatchObject({
      accessToken: { payload: { username: 'amy', client_id: CLIENT } },
      idToken: { payload: { email: 'amy@new.example', aud: CLIENT } },
    });
    const after = await auth.fetchAuthSession({ forceRefresh: true });
    expect(after.tokens?.accessToken.toString()).not.toBe(before.tokens?.accessToken.toString());
    await auth.updatePassword({ oldPassword: PASSWORD, newPassword: 'Another-one-3' });
    expect((await auth.fetchAuthSession({ forceRefresh: true })).tokens).toBeDefined();
    await auth.signOut();
    expect((await auth.fetchAuthSession()).tokens).toBeUndefined();
    await expect(auth.signIn({ username: 'amy', password: PASSWORD })).rejects.toMatchObject({
      name: 'NotAuthorizedException',
    });
  });

  test('signs people up by their telephone number, and in by codes in text messages', async () => {
    const auth = configured(PHONE_CLIENT, PHONE_POOL);
    const person = { username: '+15550001003', password: PASSWORD };
    const { username } = person;
    const { nextStep } = await auth.signUp(person);
    expect(nextStep).toMatchObject({
      signUpStep: 'CONFIRM_SIGN_UP',
      codeDeliveryDetails: { deliveryMedium: 'SMS', destination: '+*******1003' },
    });
    const confirmationCode = await textTo(username);
    await auth.confirmSignUp({ username, confirmationCode });
    expect((await auth.signIn(person)).isSignedIn).toBe(true);
    await auth.updateMFAPreference({ sms: 'PREFERRED' });
    expect(await auth.fetchMFAPreference()).toEqual({ enabled: ['SMS'], preferred: 'SMS' });
    await auth.signOut();
    const asked = await auth.signIn(person);
    expect(asked.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_SMS_CODE');
    const challengeResponse = await textTo(username, confirmationCode);
    expect((await auth.confirmSignIn({ challengeResponse })).isSignedIn).toBe(true);
    expect(await auth.fetchUserAttributes()).toMatchObject({ phone_number_verified: 'true' });
    await auth.signOut();
  });
});

describe('aws-jwt-verify', () => {
  async function verify(token: string | undefined, options: object): Promise<object> {
    const { CognitoJwtVerifier }: JwtVerify = requireCompat('aws-jwt-verify');
    const verifier = CognitoJwtVerifier.create({ userPoolId: AWS_POOL, ...options });
    const keys = await fetch(`${endpoint}/${AWS_POOL}/.well-known/jwks.json`);
    verifier.cacheJwks(await keys.json());
    return await verifier.verify(token ?? '');
  }

  test('takes tokens of a pool whose issuer is Amazon’s, renewed ones, too, and nothing else', async () => {
    const { AuthenticationResult: first } = await operate('InitiateAuth', {
      ClientId: AWS_CLIENT,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'alice', PASSWORD },
    });
    const { AuthenticationResult: second } = await operate('GetTokensFromRefreshToken', {
      ClientId: AWS_CLIENT,
      RefreshToken: first?.['RefreshToken'],
    });
    const ofAccess = { tokenUse: 'access', clientId: AWS_CLIENT };
    for (const { AccessToken, IdToken } of [first ?? {}, second ?? {}]) {
      expect(await verify(AccessToken, ofAccess)).toMatchObject({ username: 'alice' });
      expect(await verify(IdToken, { ...ofAccess, tokenUse: 'id' })).toMatchObject({
        email: 'alice@example.com',
      });
    }
    const { AccessToken = '', IdToken } = second ?? {};
    const [head, , signature] = AccessToken.split('.');
    const forged = Buffer.from(JSON.stringify({ sub: 'somebody' })).toString('base64url');
    await expect(verify(IdToken, ofAccess)).rejects.toThrow('Token use not allowed');
    await expect(verify(AccessToken, { ...ofAccess, clientId: 'other' })).rejects.toThrow(
      'Client ID not allowed',
    );
    await expect(verify(`${head}.${forged}.${signature}`, ofAccess)).rejects.toThrow();
    await expect(twoHoursLater(() => verify(AccessToken, ofAccess))).rejects.toThrow(
      'Token expired',
    );
  });
});
