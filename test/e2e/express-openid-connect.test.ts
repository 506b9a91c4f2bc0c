import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { startExpressApp } from '../support/relying-parties/express-app.ts';
import type { Listener } from '../support/relying-parties/listener.ts';
import {
  asks,
  createUserAgent,
  headingOf,
  type UserAgent,
} from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');

let latchkey: Latchkey;
let app: Listener;
/** One browser as the provider sees it, and as the app does. */
let atIssuer: UserAgent;
let atApp: UserAgent;

beforeAll(async () => {
  latchkey = await startLatchkey({
    settings: {
      clients: [
        {
          id: 'express',
          name: 'Express app',
          secretInClear: SECRET,
          redirectUris: ['http://localhost:3000/callback'],
          postLogoutRedirectUris: ['http://localhost:3000'],
        },
      ],
    },
  });
  app = await startExpressApp({
    issuer: latchkey.issuer,
    clientId: 'express',
    clientSecret: SECRET,
    cookieSecret: randomBytes(32).toString('base64url'),
  });
});

afterAll(async () => {
  await app?.close();
  await latchkey?.stop();
  await latchkey?.clean();
});

beforeEach(() => {
  atIssuer = createUserAgent(latchkey.issuer);
  atApp = createUserAgent(app.url);
});

async function signIn(): Promise<void> {
  const { url } = await atApp.open('/login');
  expect(url.origin).toBe(latchkey.issuer);
  const back = await atIssuer.authorize(url);
  const home = await atApp.open(back.url);
  expect(home.url.href).toBe(`${app.url}/`);
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await atApp.open(path)).html) as Record<string, unknown>;
}

test('a person signs in, and the app knows who it is', async () => {
  expect(await json('/')).toEqual({ signedIn: false, claims: {} });
  await signIn();
  expect(await json('/')).toMatchObject({
    signedIn: true,
    claims: { iss: latchkey.issuer, aud: 'express', sub: expect.any(String) },
  });
});

test('a page that needs a sign-in leads to it', async () => {
  expect((await atApp.open('/userinfo')).url.href).toContain(`${latchkey.issuer}/authorize?`);
});

test('the app asks userinfo', async () => {
  await signIn();
  expect(await json('/userinfo')).toMatchObject({
    email: 'alice@example.com',
    email_verified: true,
    name: 'Alice Example',
  });
});

test('the app refreshes, and what it got works', async () => {
  await signIn();
  const first = await json('/tokens');
  const second = await json('/refresh');
  expect(second['access']).not.toBe(first['access']);
  expect(second['refresh']).not.toBe(first['refresh']);
  expect(await json('/userinfo')).toHaveProperty('email');
});

test('signing out of the app signs out here, and leads back', async () => {
  await signIn();
  const { url } = await atApp.open('/logout');
  expect(url.href).toContain(`${latchkey.issuer}/logout?`);
  const page = await atIssuer.open(url);
  expect(headingOf(page)).toBe('Sign out?');
  const back = await atIssuer.submit(page);
  expect(back.url.origin).toBe(app.url);
  expect(await json('/')).toMatchObject({ signedIn: false });
  const { url: next } = await atApp.open('/login');
  expect(asks(await atIssuer.open(next), 'password')).toBe(true);
});
