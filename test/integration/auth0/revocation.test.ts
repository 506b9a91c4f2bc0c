import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import type { Revoked } from '../../../src/revocation/revocation.ts';
import { createVerifier, TokenRevoked, type Verifier } from '../../../verifier/src/index.ts';
import { timeUntil } from '../../support/time-until.ts';
import { verdictOn } from '../../support/verdict.ts';
import { API, MACHINE, openTenantNode, SECRET, SPA, type TenantNode } from './tenant-node.ts';

const DETAILS = { reason: 'test', actor: { by: 'test', origin: { address: 'test' } } };
const WITHIN_MS = 1000;

let node: TenantNode;
let rooms: Rooms;
let verifier: Verifier;

beforeAll(async () => {
  node = await openTenantNode({}, { revocation: { feed: { public: true } } });
  rooms = await node.openRooms();
  verifier = createVerifier({
    issuer: `${node.tenant}/`,
    audience: API,
    typ: 'JWT',
    revocation: { whenSilent: 'refuse' },
  });
});

afterAll(async () => {
  verifier.close();
  await rooms.close();
  await node.close();
});

async function tokenOf(login: string): Promise<string> {
  const { body } = await node.signIn({ audience: API, scope: 'openid read:messages' }, { login });
  return String(body['access_token']);
}

async function machineToken(): Promise<string> {
  const { body } = await node.token({
    grant_type: 'client_credentials',
    client_id: MACHINE,
    client_secret: SECRET,
    audience: API,
  });
  return String(body['access_token']);
}

async function userinfo(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${node.tenant}/userinfo`, { headers })).status;
}

async function expectRefused(token: string, what: Revoked): Promise<void> {
  expect(await verdictOn(verifier, token)).toMatchObject({ payload: { azp: expect.any(String) } });
  await rooms.takeBack.revoke(what, DETAILS);
  await expectTakenBack(token);
}

/** Fails when the token is still taken after a second. */
async function expectTakenBack(token: string): Promise<void> {
  const isTakenBack = (): Promise<boolean> =>
    verifier.verify(token).then(
      () => false,
      (error: unknown) => error instanceof TokenRevoked,
    );
  expect(await timeUntil(isTakenBack)).toBeLessThan(WITHIN_MS);
}

async function accountId(login: string): Promise<string> {
  return (await rooms.accounts.findByLogin(login))?.id ?? '';
}

test('a token that was taken back by its number is refused within a second, here and by an API', async () => {
  const token = await tokenOf('ben');
  await expectRefused(token, rooms.takeBack.token(String(decodeJwt(token).jti)));
  expect(await userinfo(token)).toBe(401);
});

test('tokens of a tenant are known by their text: refresh token, JWT and opaque token', async () => {
  const own = { login: 'jon' };
  const opaque = await node.signIn({}, own);
  const { body } = await node.signIn({ audience: API, scope: 'openid read:messages' }, own);
  const jwt = String(body['access_token']);
  const read = (token: unknown): Promise<Revoked | undefined> => rooms.takeBack.read(String(token));
  expect(await read(jwt)).toMatchObject({ kind: 'token', jti: decodeJwt(jwt).jti });
  expect(await read(opaque.body['access_token'])).toMatchObject({ kind: 'token' });
  expect(await read(opaque.body['refresh_token'])).toMatchObject({ kind: 'grant' });
  expect(await read(body['id_token'])).toBeUndefined();
});

test('an app that somebody disconnects cannot refresh', async () => {
  const { body } = await node.signIn({}, { login: 'kim' });
  await rooms.takeBack.disconnect(await accountId('kim'), SPA, DETAILS);
  const refreshed = await node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String(body['refresh_token']),
  });
  expect(refreshed.status).toBe(403);
});

test('an application is on the account page of whoever signed in to it, and loses everything when it is removed there', async () => {
  const token = await tokenOf('gus');
  const { body } = await node.signIn({}, { login: 'gus' });
  expect(await verdictOn(verifier, token)).toBeDefined();
  const gus = node.visitor();
  await gus.get('/account/clients');
  await gus.signIn('gus');
  await expect
    .poll(async () => (await gus.get('/account/clients')).html)
    .toMatch(new RegExp(`${SPA}.*Part of test`, 'su'));
  const removed = await gus.send('/account/clients/remove', { client: SPA });
  expect(removed.html).not.toContain(SPA);
  await expectTakenBack(token);
  expect(await userinfo(token)).toBe(401);
  const refreshed = await node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String(body['refresh_token']),
  });
  expect(refreshed.status).toBe(403);
});

test('a token falls with its grant', async () => {
  const token = await tokenOf('cat');
  await expectRefused(token, { kind: 'grant', grantId: String(decodeJwt(token)['gid']) });
  expect(await userinfo(token)).toBe(401);
});

test('a token falls with the session that it ends with', async () => {
  const token = await tokenOf('dan');
  await expectRefused(token, { kind: 'session', sessionUid: String(decodeJwt(token)['sid']) });
  expect(await userinfo(token)).toBe(401);
});

test('a token falls with its person, whom the tenant calls by another name', async () => {
  const token = await tokenOf('eve');
  const id = await accountId('eve');
  expect(decodeJwt(token).sub).toBe(`auth0|${id}`);
  await expectRefused(token, { kind: 'account', accountId: id });
  expect(await userinfo(token)).toBe(401);
});

test('a token of a machine falls with the client', async () => {
  await expectRefused(await machineToken(), { kind: 'client', clientId: MACHINE });
});

test('signing out at the tenant ends the token at APIs', async () => {
  const browser = node.browser();
  const asked = { audience: API, scope: 'openid read:messages' };
  const { body } = await node.signIn(asked, { browser, login: 'fay' });
  const token = String(body['access_token']);
  await verdictOn(verifier, token);
  await browser.visit(`${node.tenant}/v2/logout?client_id=${SPA}`);
  await expectTakenBack(token);
});

test('an ID token is no access token', async () => {
  const { body } = await node.signIn({ scope: 'openid' }, { login: 'hal' });
  expect(await userinfo(String(body['id_token']))).toBe(401);
});
