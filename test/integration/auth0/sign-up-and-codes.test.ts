import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { csrfIn, PASSWORD, type Letter } from '../../support/account-node.ts';
import { codeOf } from '../../support/app-codes.ts';
import {
  API,
  CALLBACK,
  openTenantNode,
  SECRET,
  SPA,
  WEB,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';
const DATABASE = 'Username-Password-Authentication';
const ORIGIN = 'http://localhost:3000';
const NEW_PASSWORD = 'correct-horse-battery-47';
const ACTOR = { by: 'test', origin: { address: 'test' } };

let node: TenantNode;
let rooms: Rooms;

beforeAll(async () => {
  const grantTypes = ['authorization_code', 'implicit', 'refresh_token', 'password', OTP];
  node = await openTenantNode(
    {
      clients: [
        { clientId: SPA, appType: 'spa', callbacks: [CALLBACK], grantTypes },
        { clientId: WEB, clientSecretInClear: SECRET, callbacks: [CALLBACK], grantTypes },
      ],
    },
    {
      authentication: { emailCode: true },
      joining: { mode: 'open', allowedDomains: ['example.com'] },
    },
  );
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms.close();
  await node.close();
});

interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Answer['body'];
}

async function post(path: string, body: object, origin = ORIGIN): Promise<Told> {
  const response = await fetch(`${node.tenant}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const read = isJson ? (JSON.parse(text) as Answer['body']) : {};
  return { status: response.status, headers: response.headers, text, body: read };
}

function signUp(email: string, more: object = {}): Promise<Told> {
  const asked = { client_id: SPA, connection: DATABASE, email, password: NEW_PASSWORD };
  return post('/dbconnections/signup', { ...asked, ...more });
}

async function signIn(email: string, password = NEW_PASSWORD): Promise<Answer> {
  return await node.token({ grant_type: 'password', client_id: SPA, username: email, password });
}

async function letterTo(to: string, name: string, number = 1): Promise<Letter> {
  const found = async (): Promise<readonly Letter[]> =>
    (await node.letters(to)).filter((letter) => letter.name === name);
  await expect.poll(async () => (await found()).length).toBe(number);
  const [letter] = await found();
  if (letter === undefined) throw new Error(`no letter ${name} to ${to}`);
  return letter;
}

test('whoever signs up is there at once, and shows by a letter that the address is theirs', async () => {
  const email = 'nina@example.com';
  const told = await signUp(email, { name: 'Nina', user_metadata: { colour: 'red' } });
  expect(told.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(told).toMatchObject({
    status: 200,
    body: { email, email_verified: false, name: 'Nina', user_metadata: { colour: 'red' } },
  });
  const { body } = await signIn(email);
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    sub: `auth0|${String(told.body['_id'])}`,
    name: 'Nina',
    email_verified: false,
  });

  const { links } = await letterTo(email, 'confirm-email');
  const link = links[0] ?? '';
  expect(link).toMatch(new RegExp(`^${node.tenant}/u/email-verification\\?ticket=`, 'u'));
  const page = await fetch(link);
  const confirm = async (): Promise<Response> =>
    await fetch(link, {
      method: 'POST',
      body: new URLSearchParams({ csrf: csrfIn(html), action: 'continue' }),
    });
  const html = await page.text();
  expect(html).toContain(email);
  expect((await rooms.accounts.findByLogin(email))?.emailVerified).toBe(false);
  expect((await confirm()).status).toBe(200);
  expect((await rooms.accounts.findByLogin(email))?.emailVerified).toBe(true);
  expect((await confirm()).status).toBe(404);
  expect((await fetch(`${node.tenant}/u/email-verification?ticket=none`)).status).toBe(404);
});

test('what is taken, foreign or wrong is an invalid sign-up, and a weak password is told why', async () => {
  const invalid = {
    status: 400,
    body: {
      name: 'BadRequestError',
      code: 'invalid_signup',
      description: 'Invalid sign up',
      statusCode: 400,
    },
  };
  expect(await signUp('ann@example.com')).toMatchObject(invalid);
  expect(await signUp('new@example.com', { username: 'ann' })).toMatchObject(invalid);
  expect(await signUp('new@elsewhere.example')).toMatchObject({
    body: { code: 'public_signup_disabled' },
  });
  expect(await signUp('new@example.com', { connection: 'ldap' })).toMatchObject({
    body: { code: 'invalid_connection' },
  });
  expect((await signUp('new@example.com', { client_id: 'nobody' })).status).toBe(403);
  expect(await signUp('new@example.com', { password: 'short' })).toMatchObject({
    status: 400,
    body: {
      name: 'PasswordStrengthError',
      message: 'Password is too weak',
      code: 'invalid_password',
      description: { rules: [{ code: 'lengthAtLeast', verified: false }] },
      policy: expect.stringMatching(/^\* At least \d+ characters in length/u),
      statusCode: 400,
    },
  });
  expect(await rooms.accounts.findByLogin('new@example.com')).toBeUndefined();
});

test('a letter for a new password goes to whoever is there, and nobody is told', async () => {
  const ask = (email: string): Promise<Told> =>
    post('/dbconnections/change_password', { client_id: SPA, connection: DATABASE, email });
  const [known, unknown] = [await ask('ben@example.com'), await ask('nobody@example.com')];
  expect(known.text).toBe("We've just sent you an email to reset your password.");
  expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
  expect(known.headers.get('content-type')).toContain('text/html');
  const { links } = await letterTo('ben@example.com', 'recovery');
  expect(links[0]).toMatch(new RegExp(`^${node.issuer}/recover/link/`, 'u'));
  expect(await node.letters('nobody@example.com')).toEqual([]);
  await ask('mia@example.com');
  await letterTo('mia@example.com', 'confirm-email');
});

function start(email: string, more: object = {}): Promise<Told> {
  const asked = { client_id: WEB, client_secret: SECRET, connection: 'email', send: 'code' };
  return post('/passwordless/start', { ...asked, email, ...more });
}

async function redeem(email: string, otp: string, more: object = {}): Promise<Answer> {
  const asked = { grant_type: OTP, client_id: WEB, client_secret: SECRET, realm: 'email' };
  return await node.token({ ...asked, username: email, otp, ...more }, { as: 'json' });
}

test('a code from a letter is good once, at the application that asked for it', async () => {
  const email = 'cat@example.com';
  expect(await start(email)).toMatchObject({ status: 200, body: { email, email_verified: false } });
  const { codes } = await letterTo(email, 'sign-in-code');
  const otp = codes[0] ?? '';
  expect(await redeem(email, '000000')).toMatchObject({
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Wrong email or verification code.' },
  });
  const elsewhere = { client_id: SPA, client_secret: '' };
  expect((await redeem(email, otp, elsewhere)).status).toBe(403);
  const { body } = await redeem(email, otp, { audience: API, scope: 'openid read:messages' });
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    sub: `auth0|${(await rooms.accounts.findByLogin(email))?.id ?? ''}`,
    amr: ['otp'],
  });
  expect(decodeJwt(String(body['access_token'])).aud).toContain(API);
  expect((await redeem(email, otp)).status).toBe(403);
});

test('a code from a letter is no way round an authenticator app', async () => {
  const email = 'jon@example.com';
  const id = (await rooms.accounts.findByLogin(email))?.id ?? '';
  const { key, sealed } = (await rooms.factors.totp.beginEnrolment(id)) ?? { key: '', sealed: '' };
  const app = { accountId: id, sealed, code: codeOf(key), actor: ACTOR };
  await rooms.factors.totp.finishEnrolment(app);
  await start(email);
  const { codes } = await letterTo(email, 'sign-in-code');
  const { status, body } = await redeem(email, codes[0] ?? '');
  expect({ status, ...body }).toMatchObject({
    status: 403,
    error: 'mfa_required',
    mfa_requirements: { challenge: [{ type: 'otp' }] },
  });
});

test('a letter with a code leads to the tenant, whether a program or its sign-in page has sent it', async () => {
  await start('fay@example.com');
  const browser = node.browser();
  const asked = new URLSearchParams({
    client_id: SPA,
    response_type: 'code',
    redirect_uri: CALLBACK,
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  });
  const page = await browser.visit(`${node.tenant}/authorize?${asked.toString()}`);
  const csrf = csrfIn((await page.response?.text()) ?? '');
  const body = new URLSearchParams({ csrf, login: 'hal', action: 'email' });
  await browser.visit(page.url.href, { method: 'POST', body });
  for (const to of ['fay@example.com', 'hal@example.com']) {
    const { links } = await letterTo(to, 'sign-in-code');
    expect(links).toEqual([expect.stringMatching(`^${node.tenant}/sign-in-code/`)]);
    expect((await fetch(links[0] ?? '')).status).toBe(200);
  }
});

test('whoever is new has an account by the code, where joining is open to them', async () => {
  const email = 'otto@example.com';
  await start(email, { send: 'link' });
  expect(await rooms.accounts.findByLogin(email)).toBeUndefined();
  const { codes } = await letterTo(email, 'sign-in-code');
  expect((await redeem(email, codes[0] ?? '')).status).toBe(200);
  expect(await rooms.accounts.findByLogin(email)).toMatchObject({ emailVerified: true });
  await start('otto@elsewhere.example');
  expect(await node.letters('otto@elsewhere.example')).toEqual([]);
});

test('nobody comes in by an address that was never confirmed, nor when they are disabled', async () => {
  await rooms.accounts.disable((await rooms.accounts.findByLogin('eve'))?.id ?? '', ACTOR);
  for (const email of ['mia@example.com', 'eve@example.com']) {
    expect((await start(email)).status).toBe(200);
    expect((await node.letters(email)).filter(({ name }) => name === 'sign-in-code')).toEqual([]);
  }
});

test('there are no text messages, and an application shows its secret', async () => {
  expect(await start('', { connection: 'sms', phone_number: '+1' })).toMatchObject({
    status: 400,
    body: { error: 'bad.connection' },
  });
  expect((await start('cat@example.com', { client_secret: 'wrong' })).status).toBe(401);
  expect((await start('no address')).body).toEqual({
    error: 'bad.email',
    error_description: 'error in email - email format validation failed: no address',
  });
});

test('a browser is told answers of the applications of its own origin alone', async () => {
  const asked = { client_id: SPA, connection: DATABASE, email: 'ben@example.com' };
  const { headers } = await post('/dbconnections/change_password', asked, 'https://evil.example');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  const preflight = await fetch(`${node.tenant}/dbconnections/signup`, {
    method: 'OPTIONS',
    headers: { origin: ORIGIN, 'access-control-request-headers': 'content-type,auth0-client' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('auth0-client');
});

test('one network asks for so much in an hour, and no more', async () => {
  const ask = async (): Promise<number> =>
    (await signUp('ann@example.com', { password: PASSWORD })).status;
  let status = 400;
  for (let asked = 0; asked < 30 && status === 400; asked += 1) status = await ask();
  expect(status).toBe(429);
});
