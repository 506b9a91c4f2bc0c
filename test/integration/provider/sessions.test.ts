import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';
import type { Browser } from '../../support/provider-browser.ts';

/** Session-bound: without offline_access, tokens end with the session. */
const BOUND = { scope: 'openid email' };

let house: House;
let first: RelyingParty;
let second: RelyingParty;
let apps: readonly RelyingParty[];
beforeAll(async () => {
  house = await openHouse({ nodes: 2 });
  first = await createRelyingParty(house);
  second = await createRelyingParty(house);
  apps = [first, second, await createRelyingParty(house), await createRelyingParty(house)];
});
afterAll(() => house.close());

async function userinfo(token: string): Promise<number> {
  const response = await fetch(`${house.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return response.status;
}

interface SignOutForm {
  readonly html: string;
  readonly action: string;
  readonly body: URLSearchParams;
}

async function signOutForm(browser: Browser, url: string): Promise<SignOutForm> {
  const { response } = await browser.visit(url);
  const html = await (response ?? Response.error()).text();
  const [, action = '', xsrf = ''] =
    /action="([^"]+)"><input name="xsrf" value="([^"]+)"/.exec(html) ?? [];
  return { html, action, body: new URLSearchParams({ xsrf, logout: 'yes' }) };
}

async function signOut(browser: Browser): Promise<Response> {
  const { action, body } = await signOutForm(browser, `${house.issuer}/logout`);
  const { response } = await browser.visit(action, { method: 'POST', body });
  return response ?? Response.error();
}

describe('a browser session', () => {
  test('loses nothing when four apps authorize in it at once', async () => {
    for (let round = 0; round < rounds(5, 25); round += 1) {
      const browser = house.browser();
      await first.signIn(browser, BOUND);
      const signedIn = await Promise.all(apps.map((app) => app.signIn(browser, BOUND)));
      for (const { access_token: token } of signedIn) expect(await userinfo(token)).toBe(200);
      // The browser is still signed in: nothing was shown a second time.
      const again = await second.authorize(browser, { ...BOUND, prompt: 'none' });
      expect(again.url.searchParams.get('error')).toBeNull();
    }
  });

  test('keeps one grant when the same app authorizes in four tabs at once', async () => {
    for (let round = 0; round < rounds(3, 25); round += 1) {
      const browser = house.browser();
      await first.signIn(browser, BOUND);
      const tabs = await Promise.all(apps.map(() => second.signIn(browser, BOUND)));
      for (const tab of tabs) expect(await userinfo(tab.access_token)).toBe(200);
    }
  });

  test('ends at sign-out, with the tokens that are bound to it and without the others', async () => {
    const browser = house.browser();
    const bound = await first.signIn(browser, BOUND);
    const offline = await second.signIn(browser);
    expect((await signOut(browser)).status).toBe(200);
    expect(await userinfo(bound.access_token)).toBe(401);
    expect(await userinfo(offline.access_token)).toBe(200);
    expect((await second.refresh(offline.refresh_token ?? '')).status).toBe(200);
    const silent = await first.authorize(browser, { ...BOUND, prompt: 'none' });
    expect(silent.url.searchParams.get('error')).toBe('login_required');
  });

  test('does not come back when apps authorize while it is signed out', async () => {
    for (let round = 0; round < rounds(4, 25); round += 1) {
      const browser = house.browser();
      for (const app of apps) await app.signIn(browser, BOUND);
      const stolen = new Map(browser.cookies);
      const { action, body } = await signOutForm(browser, `${house.issuer}/logout`);
      // Silently, so that nobody signs in anew meanwhile.
      const silently = { ...BOUND, prompt: 'none' };
      await Promise.all([
        ...apps.flatMap((app) => [
          app.authorize(browser, silently),
          app.authorize(browser, silently),
        ]),
        browser.visit(action, { method: 'POST', body }),
      ]);
      // Neither the old cookies nor those set by a request in flight are good any more.
      for (const cookies of [stolen, new Map(browser.cookies)]) {
        const later = house.browser();
        for (const [key, cookie] of cookies) later.cookies.set(key, cookie);
        const silent = await first.authorize(later, { ...BOUND, prompt: 'none' });
        expect(silent.url.searchParams.get('error')).toBe('login_required');
      }
    }
  });

  test('gets a new cookie when somebody signs in, and the old one is worth nothing', async () => {
    const browser = house.browser();
    await first.signIn(browser, BOUND);
    const before = new Map(browser.cookies);
    await first.signIn(browser, { ...BOUND, prompt: 'login' });
    const thief = house.browser();
    for (const [key, cookie] of before) thief.cookies.set(key, cookie);
    const silent = await first.authorize(thief, { ...BOUND, prompt: 'none' });
    expect(silent.url.searchParams.get('error')).toBe('login_required');
  });

  test('is a cookie of the browser session unless the person wants to be remembered', async () => {
    const cookieOf = async (remember: boolean): Promise<string> => {
      const { alice } = house;
      const willing = house.person;
      house.person = (interaction) =>
        interaction.prompt === 'login'
          ? { kind: 'signed-in', accountId: alice.id, amr: ['pwd'], remember }
          : willing(interaction);
      const visit = await first.authorize(house.browser(), BOUND);
      house.person = willing;
      const lines = visit.responses.flatMap((response) => response.headers.getSetCookie()) ?? [];
      return lines.findLast((line) => /^latchkey-session-[\w-]{8}=/.test(line)) ?? '';
    };
    expect(await cookieOf(false)).not.toContain('expires=');
    expect(await cookieOf(true)).toContain('expires=');
    expect(await cookieOf(true)).toMatch(/httponly/i);
    expect(await cookieOf(true)).toMatch(/samesite=lax/i);
  });
});

describe('sign-out', () => {
  test('returns to the address that the client registered, with its state', async () => {
    const browser = house.browser();
    const tokens = await first.signIn(browser, BOUND);
    const url = new URL(`${house.issuer}/logout`);
    url.search = new URLSearchParams({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://app.example.com/bye',
      state: 'back',
    }).toString();
    const { html, action, body } = await signOutForm(browser, url.href);
    expect(html).toContain('The web app');
    const done = await browser.visit(action, { method: 'POST', body });
    expect(done.url.href).toBe('https://app.example.com/bye?state=back');
  });

  test('is refused without the word of the form, and to an address of others', async () => {
    const browser = house.browser();
    await first.signIn(browser, BOUND);
    const body = new URLSearchParams({ xsrf: 'guessed', logout: 'yes' });
    const forged = await browser.visit(`${house.issuer}/logout/confirm`, { method: 'POST', body });
    expect(forged.response?.status).toBe(400);
    const elsewhere = await browser.visit(
      `${house.issuer}/logout?client_id=${first.id}&post_logout_redirect_uri=https%3A%2F%2Fevil.example`,
    );
    expect(elsewhere.response?.status).toBe(400);
  });

  test('may be asked for by POST, as the specification wants', async () => {
    const browser = house.browser();
    await first.signIn(browser, BOUND);
    const body = new URLSearchParams({ client_id: first.id });
    const page = await browser.visit(`${house.issuer}/logout`, { method: 'POST', body });
    expect(await page.response?.text()).toContain('xsrf');
  });

  test('is told to the clients of the session by back channel', async () => {
    const told: Request[] = [];
    const other = await openHouse({
      async outboundFetch(input, init) {
        told.push(new Request(input, init));
        return new Response(null, { status: 204 });
      },
    });
    const app = await createRelyingParty(
      other,
      webClient({
        backchannel_logout_uri: 'https://app.example.com/backchannel',
        backchannel_logout_session_required: true,
      }),
    );
    const browser = other.browser();
    const tokens = await app.signIn(browser);
    const { action, body } = await signOutForm(browser, `${other.issuer}/logout`);
    await browser.visit(action, { method: 'POST', body });
    expect(told.map(({ url }) => url)).toEqual(['https://app.example.com/backchannel']);
    const [request = new Request(other.issuer)] = told;
    const form = new URLSearchParams(await request.text());
    expect(decodeJwt(form.get('logout_token') ?? '')).toMatchObject({
      iss: other.issuer,
      aud: app.id,
      sub: other.alice.id,
      sid: tokens.claims()?.['sid'],
    });
    await other.close();
  });
});
