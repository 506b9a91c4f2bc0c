import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InteractionExpired } from '../../../src/provider/contract.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

let house: House;
let app: RelyingParty;
beforeAll(async () => {
  house = await openHouse({ nodes: 2 });
  app = await createRelyingParty(
    house,
    webClient({
      logo_uri: 'https://app.example.com/logo.png',
      policy_uri: 'https://app.example.com/policy',
    }),
  );
});
afterAll(() => house.close());

/** Goes as far as the first page and stops before it. */
async function untilPage(
  parameters: Record<string, string> = {},
  browser = house.browser(),
): Promise<{ path: string; cookies: string }> {
  const willing = house.person;
  house.person = () => {
    throw new InteractionExpired('the person went for coffee');
  };
  const { url } = await app.authorize(browser, parameters);
  house.person = willing;
  const cookies = [...browser.cookies.values()]
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
  return { path: url.pathname, cookies };
}

function visit(path: string, cookie: string): Promise<Response> {
  return fetch(`${house.issuer}${path}`, { headers: { cookie }, redirect: 'manual' });
}

describe('an interaction', () => {
  test('tells the page who asks, for what, and what the client hinted', async () => {
    const seen: unknown[] = [];
    const willing = house.person;
    house.person = (interaction) => {
      seen.push(interaction);
      return willing(interaction);
    };
    await app.signIn(house.browser(), {
      scope: 'openid email read',
      resource: API,
      login_hint: 'alice@example.com',
      ui_locales: 'de en',
      claims: JSON.stringify({ userinfo: { phone_number: null } }),
    });
    house.person = willing;
    expect(seen).toMatchObject([
      {
        prompt: 'login',
        reasons: ['no_session'],
        loginHint: 'alice@example.com',
        uiLocales: ['de', 'en'],
        accountId: undefined,
        consent: undefined,
        client: {
          id: app.id,
          name: 'The web app',
          logoUri: 'https://app.example.com/logo.png',
          policyUri: 'https://app.example.com/policy',
          tosUri: undefined,
        },
      },
      {
        prompt: 'consent',
        accountId: house.alice.id,
        consent: {
          scopes: ['openid', 'email'],
          claims: ['phone_number'],
          resources: [
            {
              identifier: API,
              name: 'The example API',
              scopes: [{ name: 'read', description: 'Read it' }],
            },
          ],
        },
      },
    ]);
  });

  test('asks only for what was not allowed before, and for everything with prompt=consent', async () => {
    const party = await createRelyingParty(house);
    const browser = house.browser();
    await party.signIn(browser, { scope: 'openid' });
    const asked: (readonly string[] | undefined)[] = [];
    const willing = house.person;
    house.person = (interaction) => {
      asked.push(interaction.consent?.scopes);
      return willing(interaction);
    };
    await party.signIn(browser, { scope: 'openid email' });
    await party.signIn(browser, { scope: 'openid email', prompt: 'consent' });
    house.person = willing;
    expect(asked).toEqual([['email'], ['openid', 'email']]);
  });

  test('belongs to the browser whose cookie names it, and to the path that names it', async () => {
    const [mine, theirs] = [await untilPage(), await untilPage()];
    expect(mine.path).not.toBe(theirs.path);
    expect((await visit(mine.path, '')).status).toBe(500);
    expect((await visit(mine.path, theirs.cookies)).status).toBe(500);
    expect((await visit(mine.path, mine.cookies.replace(/=[^;]{4}/g, '=aaaa'))).status).toBe(500);
    expect((await visit(mine.path, mine.cookies)).status).toBe(303);
  });

  test('outlives the session that it came with, where it asks for a sign-in, and not where it asks that session', async () => {
    const [one, another] = [house.browser(), house.browser()];
    for (const browser of [one, another]) await app.signIn(browser, { scope: 'openid' });
    const signIn = await untilPage({ scope: 'openid', prompt: 'login' }, one);
    const consent = await untilPage({ scope: 'openid', prompt: 'consent' }, another);
    const what = { kind: 'account', accountId: house.alice.id } as const;
    const actor = { by: 'self', origin: { address: '127.0.0.1' } };
    await house.takeBack.revoke(what, { reason: 'test', actor });
    expect((await another.visit(consent.path)).response?.status).toBe(500);
    expect((await one.visit(signIn.path)).url.searchParams.get('code')).toEqual(expect.any(String));
  });

  test('is finished once, and resumed once', async () => {
    const { path, cookies } = await untilPage({ scope: 'openid' });
    const finished = await Promise.all([1, 2, 3, 4].map(() => visit(path, cookies)));
    const [winner, ...others] = finished.filter(({ status }) => status === 303);
    expect(others).toEqual([]);
    const resume = new URL(winner?.headers.get('location') ?? '').pathname;
    const resumed = await Promise.all([1, 2, 3, 4].map(() => visit(resume, cookies)));
    expect(resumed.filter(({ status }) => status === 303)).toHaveLength(1);
  });
});

describe('the store', () => {
  test('holds no token, code, cookie or interaction in clear', async () => {
    const browser = house.browser();
    const authorized = await app.authorize(browser);
    const response = await app.redeem(authorized);
    const tokens = (await response.json()) as Record<string, string>;
    const { path } = await untilPage();
    const session = [...browser.cookies.values()].find(({ name }) =>
      /session-[\w-]{8}$/.test(name),
    );
    const secrets = [
      authorized.code,
      tokens['access_token'],
      tokens['refresh_token'],
      tokens['refresh_token']?.split('.')[0],
      tokens['refresh_token']?.split('.')[1],
      session?.value,
      session?.value.split('.')[1],
      path.split('/').at(-1),
      app.secret,
    ];
    const files = await Promise.all(
      ['', '-wal'].map((suffix) => readFile(`${house.file}${suffix}`).catch(() => Buffer.alloc(0))),
    );
    const stored = Buffer.concat(files);
    expect(stored.length).toBeGreaterThan(1000);
    for (const secret of secrets) {
      expect(secret).toMatch(/.{16}/);
      expect(stored.includes(secret ?? '')).toBe(false);
    }
  });
});

describe('lifetimes', () => {
  const DAY = 86_400_000;

  /** Moves the clock of everything by so many milliseconds, and back. */
  async function later<Result>(byMs: number, act: () => Promise<Result>): Promise<Result> {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
    try {
      return await act();
    } finally {
      vi.useRealTimers();
    }
  }

  test('a refresh token lives 7 days idle, and its chain 30 days however often it is used', async () => {
    const { refresh_token: idle = '' } = await app.signIn(house.browser());
    expect((await later(7 * DAY + 60_000, () => app.refresh(idle))).status).toBe(400);
    let { refresh_token: used = '' } = await app.signIn(house.browser());
    for (const day of [6, 12, 18, 24, 29]) {
      const response = await later(day * DAY, () => app.refresh(used));
      expect([day, response.status]).toEqual([day, 200]);
      used = ((await response.json()) as { refresh_token: string }).refresh_token;
    }
    expect((await later(30 * DAY + 60_000, () => app.refresh(used))).status).toBe(400);
  });

  test('a session lives 24 hours idle, and 14 days however often it is used', async () => {
    const silent = { scope: 'openid', prompt: 'none' };
    const isSignedIn = async (browser: ReturnType<House['browser']>): Promise<boolean> =>
      (await app.authorize(browser, silent)).url.searchParams.get('error') !== 'login_required';
    const idle = house.browser();
    await app.signIn(idle, { scope: 'openid' });
    expect(await later(DAY + 60_000, () => isSignedIn(idle))).toBe(false);
    const used = house.browser();
    await app.signIn(used, { scope: 'openid' });
    for (let hour = 20; hour < 14 * 24; hour += 20)
      expect([hour, await later(hour * 3_600_000, () => isSignedIn(used))]).toEqual([hour, true]);
    expect(await later(14 * DAY + 60_000, () => isSignedIn(used))).toBe(false);
  });

  test('a client has lifetimes of its own', async () => {
    const quick = await createRelyingParty(house, {
      ...webClient(),
      policy: {
        accessTokenTtlSeconds: 60,
        idTokenTtlSeconds: 120,
        refreshTokenIdleSeconds: 300,
        accessTokenFormat: 'opaque',
      },
    });
    const tokens = await quick.signIn(house.browser());
    expect(tokens.expires_in).toBe(60);
    expect(tokens.access_token).not.toContain('.');
    expect((tokens.claims()?.exp ?? 0) - (tokens.claims()?.iat ?? 0)).toBe(120);
    expect((await later(301_000, () => quick.refresh(tokens.refresh_token ?? ''))).status).toBe(
      400,
    );
  });
});
