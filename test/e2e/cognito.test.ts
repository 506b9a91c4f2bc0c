import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installCompat, requireCompat } from '../support/compat.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

/** What these tests call of `@aws-sdk/client-cognito-identity-provider`. */
interface AwsSdk {
  readonly CognitoIdentityProvider: new (
    options: object,
  ) => Readonly<Record<string, (input: object) => Promise<Answer>>>;
}

interface Answer {
  readonly AuthenticationResult?: Readonly<Record<string, string>>;
  readonly ChallengeName?: string;
  readonly Session?: string;
  readonly SecretCode?: string;
  readonly Username?: string;
  readonly User?: { readonly Username: string; readonly UserCreateDate: Date };
  readonly Users?: readonly { readonly Username: string }[];
  readonly CodeDeliveryDetails?: { readonly Destination: string };
}

/** The same of `amazon-cognito-identity-js`. */
interface IdentityJs {
  readonly AuthenticationDetails: new (options: object) => object;
  readonly CognitoUser: new (options: object) => IdentityUser;
  readonly CognitoUserPool: new (options: object) => IdentityPool;
}

interface IdentityPool {
  signUp(...given: readonly unknown[]): void;
}

interface IdentityUser {
  authenticateUser(details: object, callbacks: Callbacks): void;
  completeNewPasswordChallenge(password: string, attributes: object, callbacks: Callbacks): void;
  confirmRegistration(code: string, force: boolean, done: Done): void;
  refreshSession(token: object, done: Done): void;
  getUserAttributes(done: Done): void;
  changePassword(old: string, next: string, done: Done): void;
  globalSignOut(callbacks: Callbacks): void;
}

interface Callbacks {
  readonly onSuccess: (result: IdentitySession) => void;
  readonly onFailure: (error: Error) => void;
  readonly newPasswordRequired?: (attributes: object) => void;
}

interface IdentitySession {
  getAccessToken(): { getJwtToken(): string; readonly payload: Readonly<Record<string, unknown>> };
  getIdToken(): { getJwtToken(): string; readonly payload: Readonly<Record<string, unknown>> };
  getRefreshToken(): object;
}

type Done = (error: Error | null, result?: unknown) => void;

/** The same of `aws-jwt-verify`. */
interface JwtVerify {
  readonly CognitoJwtVerifier: {
    create(options: object): {
      cacheJwks(jwks: unknown): void;
      verify(token: string): Promise<Readonly<Record<string, unknown>>>;
    };
  };
}

/** The same of `aws-amplify/auth`. */
interface AmplifyAuth {
  signUp(input: object): Promise<{ readonly nextStep: { readonly signUpStep: string } }>;
  confirmSignUp(input: object): Promise<{ readonly isSignUpComplete: boolean }>;
  signIn(input: object): Promise<{ readonly isSignedIn: boolean }>;
  signOut(): Promise<void>;
  updatePassword(input: object): Promise<void>;
  fetchUserAttributes(): Promise<Readonly<Record<string, string>>>;
  fetchAuthSession(options?: object): Promise<{
    readonly tokens?: { readonly accessToken: { readonly payload: object; toString(): string } };
  }>;
}

const POOL = 'us-east-1_Dev00001';
const AWS_POOL = 'eu-central-1_Prod00001';
const CLIENT = 'publicclient1';
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
          { id: POOL, people: true, clients: [{ id: CLIENT }] },
          { id: AWS_POOL, issuer: 'aws', people: true, clients: [{ id: AWS_CLIENT }] },
        ],
      },
    },
    environment: { COGNITO_SECRET_KEY: SECRET_KEY },
  });
}, 120_000);

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

/** The code of the newest letter to an address. */
async function codeFor(address: string): Promise<string> {
  const url = `${latchkey.issuer}/dev/inbox.json?to=${encodeURIComponent(address)}`;
  return await vi.waitFor(async () => {
    const letters = JSON.parse(await (await fetch(url)).text());
    const [, code] = /\b(\d{6})\b/.exec(letters[0]?.text ?? '') ?? [];
    if (code === undefined) throw new Error(`no letter to ${address}`);
    return code;
  });
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

  function userOf(Username: string): { readonly user: IdentityUser; readonly pool: IdentityPool } {
    const Storage = createStorage();
    const { CognitoUser, CognitoUserPool } = sdk();
    const pool = new CognitoUserPool({ UserPoolId: POOL, ClientId: CLIENT, endpoint, Storage });
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
    expect(session.getIdToken().payload).toMatchObject({ email: 'alice@example.com' });
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
  });
});

describe('aws-amplify', () => {
  test('signs people up and in by SRP, renews their tokens and signs them out', async () => {
    const { Amplify }: { readonly Amplify: { configure(options: object): void } } =
      requireCompat('aws-amplify');
    const auth: AmplifyAuth = requireCompat('aws-amplify/auth');
    Amplify.configure({
      Auth: {
        Cognito: { userPoolId: POOL, userPoolClientId: CLIENT, userPoolEndpoint: endpoint },
      },
    });
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
});

describe('aws-jwt-verify', () => {
  test('takes tokens of a pool whose issuer is Amazon’s', async () => {
    const { CognitoJwtVerifier }: JwtVerify = requireCompat('aws-jwt-verify');
    const keys = await fetch(`${endpoint}/${AWS_POOL}/.well-known/jwks.json`);
    const jwks: unknown = await keys.json();
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
      body: JSON.stringify({
        ClientId: AWS_CLIENT,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: 'alice', PASSWORD },
      }),
    });
    const { AuthenticationResult: tokens } = JSON.parse(await answer.text());
    for (const [tokenUse, token] of [
      ['access', tokens.AccessToken],
      ['id', tokens.IdToken],
    ]) {
      const options = { userPoolId: AWS_POOL, clientId: AWS_CLIENT, tokenUse };
      const verifier = CognitoJwtVerifier.create(options);
      verifier.cacheJwks(jwks);
      expect(await verifier.verify(token)).toMatchObject({ token_use: tokenUse });
    }
  });
});
