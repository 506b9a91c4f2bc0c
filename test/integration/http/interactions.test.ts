import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Interaction } from '../../../src/provider/contract.ts';
import {
  ALICE,
  BOOKING,
  createPagesWorld,
  openPagesHost,
  PLAIN_CLIENT,
  PLAIN_INTERACTION,
  type PagesHost,
  type PagesWorld,
} from '../../support/pages-host.ts';

let world: PagesWorld;
let host: PagesHost;
const PATH = '/interaction/uid-1';

beforeEach(async () => {
  world = createPagesWorld();
  host = await openPagesHost(world);
});
afterEach(() => host.close());

const get = (path = PATH, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(host.issuer + path, { headers: { accept: 'text/html', ...headers }, redirect: 'manual' });

function post(fields: Record<string, string>, path = PATH, headers = {}): Promise<Response> {
  const body = new URLSearchParams(fields);
  return fetch(host.issuer + path, { method: 'POST', body, redirect: 'manual', headers });
}

async function csrf(path = PATH): Promise<string> {
  const html = await (await get(path)).text();
  return /name="csrf" value="(?<token>[^"]+)"/.exec(html)?.groups?.['token'] ?? '';
}

/** What a page of consent says that it shows. */
async function shown(): Promise<string> {
  const html = await (await get()).text();
  return /name="shown" value="(?<name>[^"]+)"/.exec(html)?.groups?.['name'] ?? '';
}

async function submit(fields: Record<string, string>, path = PATH): Promise<Response> {
  return post({ csrf: await csrf(path), action: 'continue', ...fields }, path);
}

const on = (interaction: Partial<Interaction>): void => {
  world.interaction = { ...PLAIN_INTERACTION, ...interaction };
};

describe('sign-in', () => {
  test('the right password goes on, for the browser alone unless asked otherwise', async () => {
    const response = await submit({ login: ' alice@example.com ', password: 'right' });
    expect(response.status).toBe(303);
    expect(world.attempts).toEqual([{ login: 'alice@example.com', password: 'right' }]);
    await submit({ login: 'alice', password: 'right', remember: 'yes' });
    const verified = { kind: 'signed-in', accountId: ALICE.id, amr: ['pwd'], consented: false };
    expect(world.outcomes).toMatchObject([
      { ...verified, remember: false },
      { ...verified, remember: true },
    ]);
  });

  test('a wrong one shows the page again, with the login but never the password', async () => {
    const response = await submit({ login: 'alice', password: 'wrong-secret', remember: 'yes' });
    const html = await response.text();
    expect(response.status).toBe(401);
    expect(html).toContain('role="alert"');
    expect(html).toContain('value="alice"');
    expect(html).toMatch(/name="remember"[^>]* checked/);
    expect(html).not.toContain('wrong-secret');
    expect(world.outcomes).toEqual([]);
  });

  test('too many attempts are told when to come back', async () => {
    world.password = () => ({ kind: 'throttled', retryAfterSeconds: 130 });
    const response = await submit({ login: 'alice', password: 'right' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '130']);
    expect(await response.text()).toContain('Wait 3 minutes');
  });

  test('a full queue of hashes is no refusal of the password', async () => {
    world.password = () => ({ kind: 'busy', retryAfterSeconds: 2 });
    const response = await submit({ login: 'alice', password: 'right' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.text()).toContain('Your password was not checked');
  });

  test('is counted by how it ended', async () => {
    await submit({ login: 'alice', password: 'wrong' });
    await submit({ login: 'alice', password: 'right' });
    expect(world.counted).toEqual(['refused', 'verified']);
  });

  test('nothing is verified when something was left out', async () => {
    expect((await submit({ login: 'alice' })).status).toBe(422);
    expect((await submit({ password: 'right' })).status).toBe(422);
    expect(world.attempts).toEqual([]);
  });

  test('a hint of the client is filled in, as text', async () => {
    on({ loginHint: '"><script>alert(1)</script>' });
    expect(await (await get()).text()).toContain('value="&#34;&gt;&lt;script&gt;alert(1)');
  });

  test.each([
    [['login_prompt'], 'asks you to sign in once more'],
    [['max_age'], 'It has been a while'],
  ])('someone with a session is told why they are asked again: %j', async (reasons, words) => {
    on({ reasons, accountId: ALICE.id });
    const html = await (await get()).text();
    expect(html).toContain(words);
    expect(html).toContain('value="alice@example.com"');
  });

  test('who has no session is asked without a reason', async () => {
    on({ reasons: ['no_session', 'login_prompt'] });
    expect(await (await get()).text()).not.toContain('once more');
  });

  test('cancel refuses, whatever was typed', async () => {
    await submit({ action: 'cancel', login: 'alice', password: 'right' });
    expect(world.outcomes).toEqual([{ kind: 'refused' }]);
    expect(world.attempts).toEqual([]);
  });

  test('speaks what the client asks for, else what the browser does', async () => {
    on({ uiLocales: ['de-AT', 'en'] });
    expect(await (await get()).text()).toContain('<h1>Anmelden</h1>');
    on({});
    expect(await (await get(PATH, { 'accept-language': 'de' })).text()).toContain(
      '<h1>Anmelden</h1>',
    );
  });

  test('shows the client’s logo, and the policy names its origin and no more', async () => {
    on({ client: { ...PLAIN_CLIENT, logoUri: 'https://cdn.example/app.png?v=1' } });
    const response = await get();
    expect(response.headers.get('content-security-policy')).toContain(
      "img-src 'self' https://cdn.example;".slice(0, -1),
    );
    expect(await response.text()).toContain('src="https://cdn.example/app.png?v=1"');
  });
});

describe('consent', () => {
  beforeEach(() => {
    on({
      prompt: 'consent',
      accountId: ALICE.id,
      consent: {
        scopes: ['openid', 'email'],
        claims: ['birthdate'],
        ...BOOKING,
      },
    });
  });

  test('says in plain words who asks for what, and of whom', async () => {
    const html = await (await get()).text();
    for (const words of [
      'Example App',
      'Alice Liddell',
      'See your e-mail address',
      'Date of birth',
      'With Bookings',
      'Read your bookings',
    ])
      expect(html).toContain(words);
  });

  test('goes on when it is given', async () => {
    await submit({ shown: await shown() });
    expect(world.outcomes).toEqual([{ kind: 'consented' }]);
  });

  test('given to a page that did not show all that is asked by now is not given: it is asked again', async () => {
    const seen = await shown();
    const { consent } = world.interaction ?? {};
    on({
      ...world.interaction,
      ...(consent && { consent: { ...consent, scopes: [...consent.scopes, 'phone'] } }),
    });
    for (const before of [seen, '']) {
      const again = await submit({ shown: before });
      expect(again.status).toBe(200);
      expect(await again.text()).toContain('phone number');
    }
    expect(world.outcomes).toEqual([]);
    await submit({ shown: await shown() });
    expect(world.outcomes).toEqual([{ kind: 'consented' }]);
  });

  test('refused, is refused: also from the page for another account, and for any other answer', async () => {
    await submit({ action: 'cancel' });
    await submit({ action: 'cancel' }, `${PATH}/sign-in`);
    await submit({ action: 'maybe' });
    expect(world.outcomes.map(({ kind }) => kind)).toEqual(Array(3).fill('refused'));
  });

  test('may be given as someone else: sign in first', async () => {
    const html = await (await get(`${PATH}/sign-in`)).text();
    expect(html).toContain(`href="${PATH}"`);
    await submit({ login: 'bob', password: 'right' }, `${PATH}/sign-in`);
    expect(world.outcomes).toMatchObject([{ kind: 'signed-in' }]);
  });

  test('of an account that is gone cannot be given', async () => {
    world.accounts.clear();
    const response = await get();
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('This page has expired'),
    ]);
  });
});

describe('choice of an account', () => {
  test('goes on with the account of the session', async () => {
    on({ prompt: 'select_account', accountId: ALICE.id });
    expect(await (await get()).text()).toContain('Continue as Alice Liddell');
    await submit({});
    expect(world.outcomes).toEqual([{ kind: 'account-kept' }]);
  });

  test('without a session leads to the sign-in', async () => {
    on({ prompt: 'select_account' });
    const response = await get();
    expect([response.status, response.headers.get('location')]).toEqual([303, `${PATH}/sign-in`]);
  });
});

describe('attacks on a form', () => {
  const right = { login: 'alice', password: 'right', action: 'continue' };

  test('a form without the token of its page is refused (login CSRF)', async () => {
    expect((await post(right)).status).toBe(400);
    expect((await post({ ...right, csrf: 'x' })).status).toBe(400);
    expect(world.attempts).toEqual([]);
  });

  test('the token of another interaction is refused (the attacker’s own)', async () => {
    const token = await csrf();
    on({ uid: 'uid-2' });
    expect((await post({ ...right, csrf: token }, '/interaction/uid-2')).status).toBe(400);
    expect(world.attempts).toEqual([]);
  });

  test('a page of another site is refused although it has the token', async () => {
    const fields = { ...right, csrf: await csrf() };
    expect((await post(fields, PATH, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post(fields, PATH, { origin: 'https://evil.example' })).status).toBe(403);
    expect(world.attempts).toEqual([]);
  });

  test('a token does not go away: the same form may be corrected and sent again', async () => {
    const token = await csrf();
    expect((await post({ ...right, csrf: token, password: 'wrong' })).status).toBe(401);
    expect((await post({ ...right, csrf: token })).status).toBe(303);
  });
});

describe('an interaction that is over', () => {
  test('says what to do next, on GET and on POST', async () => {
    world.interaction = undefined;
    for (const response of [await get(), await post({ action: 'continue' })]) {
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('Go back to the app you came from');
    }
  });
});

describe('the pages of the engine', () => {
  test('a problem is told with its stable code and what the app did wrong', async () => {
    const response = await get('/_problem');
    const html = await response.text();
    expect(response.status).toBe(400);
    expect(html).toContain('<code>invalid_redirect_uri</code>');
    expect(html).toContain('redirect_uri did not match any of the client&#39;s registered');
    expect(html).toContain(`<code>${response.headers.get('x-request-id')}</code>`);
  });

  test('an outage is no fault of the app, and says so', async () => {
    const response = await get('/_outage');
    const html = await response.text();
    expect(response.status).toBe(503);
    expect(html).toContain('Wait a few seconds');
    expect(html).not.toContain('The app that sent you here');
  });

  test('ui_locales counts there, too', async () => {
    expect(await (await get('/_sign-out?ui_locales=xx%20de')).text()).toContain(
      '<h1>Abmelden?</h1>',
    );
  });

  test('sign-out sends what the engine expects', async () => {
    const html = await (await get('/_sign-out')).text();
    expect(html).toContain('<input type="hidden" name="xsrf" value="token">');
    expect(html).toContain('<input type="hidden" name="logout" value="yes">');
    expect(await (await get('/_signed-out')).text()).toContain('You are signed out');
  });
});
