import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BrowserSession } from '../../../src/provider/contract.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';
import type { Browser } from '../../support/provider-browser.ts';

let house: House;
let party: RelyingParty;
beforeAll(async () => {
  house = await openHouse();
  party = await createRelyingParty(house);
});
afterAll(() => house.close());

const actor = { by: 'test', origin: { address: 'test' } };

/** Asks the host of the test whose browser this is. */
async function whoIs(browser: Browser): Promise<BrowserSession | undefined> {
  const { response } = await browser.visit('/_who');
  const answer = (await response?.json()) as BrowserSession | null;
  return answer ?? undefined;
}

test('a browser is nobody until somebody signs in, and nobody again once its session is taken back', async () => {
  const browser = house.browser();
  expect(await whoIs(browser)).toBeUndefined();
  await party.signIn(browser);
  const session = await whoIs(browser);
  expect(session).toMatchObject({ accountId: house.alice.id, amr: ['pwd'] });
  await house.first.revocation.revoke(
    { kind: 'session', sessionUid: session?.uid ?? '' },
    { reason: 'test', actor },
  );
  expect(await whoIs(browser)).toBeUndefined();
  const uids = (await house.first.protocol.sessions.list(house.alice.id)).map(({ uid }) => uid);
  expect(uids).not.toContain(session?.uid);
});

test('a cookie with another signature, or none, is of nobody', async () => {
  const browser = house.browser();
  await party.signIn(browser);
  for (const [key, cookie] of browser.cookies) {
    if (cookie.name.endsWith('.sig'))
      browser.cookies.set(key, { ...cookie, value: `x${cookie.value.slice(1)}` });
  }
  expect(await whoIs(browser)).toBeUndefined();
});

test('the sessions of a person are listed with the browser, the address and the time', async () => {
  const browser = house.browser();
  await party.signIn(browser);
  const session = await whoIs(browser);
  const listed = (await house.first.protocol.sessions.list(house.alice.id)).find(
    ({ uid }) => uid === session?.uid,
  );
  expect(listed).toMatchObject({ signedInAt: session?.authTime, userAgent: 'node' });
  expect(listed?.address).toMatch(/127\.0\.0\.1$/);
  expect(listed?.lastSeenAt).toBeGreaterThanOrEqual(listed?.signedInAt ?? Infinity);
  expect(await house.first.protocol.sessions.list('acct-somebody-else')).toEqual([]);
});

test('a client is connected once it was allowed something, until it is disconnected', async () => {
  const client = await createRelyingParty(
    house,
    webClient({ client_name: 'Zebra', initiate_login_uri: 'https://zebra.example/start?at=1' }),
  );
  await client.signIn(house.browser(), { prompt: 'consent' });
  const { connectedClients } = house.first.protocol;
  const zebra = (await connectedClients.list(house.alice.id)).find(
    ({ client: { id } }) => id === client.id,
  );
  expect(zebra?.client.name).toBe('Zebra');
  const issuer = encodeURIComponent(house.issuer);
  expect(zebra?.startUri).toBe(`https://zebra.example/start?at=1&iss=${issuer}`);
  expect(zebra?.allowed.scopes).toEqual(['openid', 'profile', 'email', 'offline_access']);
  expect(zebra?.since).toBeGreaterThan(1_700_000_000);
});
