import { randomBytes } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_SEED } from '../../src/testing/seed.ts';
import { startNodeProcess } from '../../src/testing/node-process.ts';
import { startLatchkey, type TestLatchkey } from '../../src/testing/start-latchkey.ts';
import { createVerifier } from '../../verifier/src/index.ts';
import { launchBrowser } from '../support/browser.ts';
import { startExpressApp } from '../support/relying-parties/express-app.ts';
import { createUserAgent, type Stop } from '../support/relying-parties/user-agent.ts';
import { freePort } from '../support/ports.ts';
import { listen } from '../support/relying-parties/listener.ts';

const API = 'https://api.example.com';
const RANDOM_SEED = 'tests of the testing package';
const SECRET = randomBytes(32).toString('base64url');

let idp: TestLatchkey;
const start = (): Promise<TestLatchkey> => {
  const shop = {
    id: 'shop',
    name: 'The shop',
    type: 'web',
    secretInClear: SECRET,
    redirectUris: ['http://localhost:1/callback'],
    apis: [API],
  };
  const clients = [...[DEFAULT_SEED['clients']].flat(), shop];
  return startLatchkey({
    randomSeed: RANDOM_SEED,
    seed: {
      ...DEFAULT_SEED,
      clients,
      signIn: { limits: { strangers: 2, acquaintances: 2 } },
      revocation: { feed: { public: true } },
      registration: { mode: 'open' },
    },
  });
};
beforeAll(async () => {
  idp = await start();
});
afterAll(() => idp?.close());
beforeEach(() => idp.reset());

test('a token of the test kit verifies as an API verifies it, until its time has come', async () => {
  const token = await idp.token({ client: 'app', person: 'alice', api: API });
  const keys = createRemoteJWKSet(new URL(`${idp.issuer}/.well-known/jwks.json`));
  const verify = async (currentDate: Date): Promise<object> =>
    jwtVerify(token, keys, { issuer: idp.issuer, audience: API, currentDate });
  await expect(verify(await idp.clock.now())).resolves.toBeDefined();
  const machine = Date.now();
  await idp.clock.advance('16m');
  await expect(verify(await idp.clock.now())).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  expect(Date.now() - machine).toBeLessThan(60_000);
  await expect(idp.clock.set(new Date(0))).rejects.toMatchObject({ code: 'ERR_ORDER_REFUSED' });
});

/** Of the app, at any port: in the dev profile every one of a loopback URI is good. */
function authorizationUrl(app: string, { issuer } = idp): URL {
  const url = new URL(`${issuer}/authorize`);
  url.search = new URLSearchParams({
    client_id: 'app',
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: `${app}/callback`,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString();
  return url;
}

test('a person of the seed signs in to an app in a browser', async () => {
  const app = await startExpressApp({
    issuer: idp.issuer,
    clientId: 'shop',
    clientSecret: SECRET,
    cookieSecret: SECRET,
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${app.url}/login`);
    await idp.signIn(page, 'alice');
    await page.getByText('"signedIn":true').waitFor();
    await page.goto(`${app.url}/userinfo`);
    expect(await page.textContent('body')).toContain('alice@example.com');
  } finally {
    await browser.close();
    await app.close();
  }
});

test('a fault that the test kit plans is met once, and another is forgotten', async () => {
  const jwks = `${idp.issuer}/.well-known/jwks.json`;
  await idp.faults.plan({ path: '/.well-known/jwks.json', status: 503 });
  expect((await fetch(jwks)).status).toBe(503);
  await idp.faults.plan({ path: '/.well-known/jwks.json', status: 503 });
  await idp.faults.clear();
  expect((await fetch(jwks)).status).toBe(200);
});

const AS_SHOP = {
  authorization: `Basic ${Buffer.from(`shop:${SECRET}`).toString('base64')}`,
};

const mint = (): Promise<string> => idp.token({ client: 'shop', person: 'alice', api: API });
const post = (path: string, body: Record<string, string>): Promise<Response> =>
  fetch(`${idp.issuer}${path}`, {
    method: 'POST',
    headers: AS_SHOP,
    body: new URLSearchParams(body),
  });
const revoke = (token: string): Promise<Response> => post('/revoke', { token });

async function isGood(token: string): Promise<boolean> {
  const answer = (await (await post('/introspect', { token })).json()) as { active: boolean };
  return answer.active;
}

async function kids({ issuer } = idp): Promise<readonly unknown[]> {
  const { keys } = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid);
}

test('a letter is waited for, told with its link, and gone when the inbox is cleared', async () => {
  const agent = createUserAgent(idp.issuer);
  await agent.submit(await agent.open('/recover'), { login: 'alice' });
  const { to, links } = await idp.inbox.latest('alice@example.com');
  expect(to).toBe('alice@example.com');
  expect((await fetch(links[0] ?? '')).status).toBe(200);
  await idp.inbox.clear();
  expect(await (await fetch(`${idp.issuer}/dev/inbox.json`)).json()).toEqual([]);
});

test('a name that is locked out comes in again when the clock is put forward', async () => {
  const signIn = async (password: string): Promise<Stop> => {
    const agent = createUserAgent(idp.issuer);
    return agent.authorize(authorizationUrl('http://127.0.0.1:3000'), { login: 'bob', password });
  };
  const isIn = ({ url }: Stop): boolean => url.searchParams.has('code');
  for (let tries = 0; tries < 2; tries += 1) await signIn('wrong');
  expect(isIn(await signIn('latchkey-dev'))).toBe(false);
  await idp.clock.advance('31d');
  expect(isIn(await signIn('latchkey-dev'))).toBe(true);
});

/** What an app gets to see of chance: keys, a client that registers, a code, and the tokens for it. */
async function drawn(provider: TestLatchkey): Promise<object> {
  const { issuer } = provider;
  const ask = async (
    path: string,
    body: string | URLSearchParams,
  ): Promise<Record<string, string>> => {
    const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(`${issuer}${path}`, { method: 'POST', headers, body });
    return (await answer.json()) as Record<string, string>;
  };
  const redirectUri = 'http://127.0.0.1:3000/callback';
  const client = await ask('/register', JSON.stringify({ redirect_uris: [redirectUri] }));
  const agent = createUserAgent(issuer);
  const url = authorizationUrl('http://127.0.0.1:3000', provider);
  const stop = await agent.authorize(url, { login: 'bob', password: 'latchkey-dev' });
  const code = stop.url.searchParams.get('code') ?? '';
  const tokens = await ask(
    '/token',
    new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'app',
      redirect_uri: redirectUri,
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      code,
    }),
  );
  const { sub, sid, gid, jti } = decodeJwt(tokens['access_token'] ?? '');
  const minted = decodeJwt(await provider.token({ client: 'app', person: 'alice', api: API }));
  return {
    kids: await kids(provider),
    client: client['client_id'],
    secret: client['client_secret'],
    registration: client['registration_access_token'],
    minted: minted.jti,
    code,
    sub,
    sid,
    gid,
    jti,
  };
}

test('two providers of the same random seed draw the same, and once more after a reset', async () => {
  await using other = await start();
  const first = await drawn(idp);
  expect(Object.values(first)).not.toContain(undefined);
  expect(await drawn(other)).toEqual(first);
  expect(await drawn(idp)).not.toMatchObject({ secret: Reflect.get(first, 'secret') });
  await idp.reset();
  expect(await drawn(idp)).toEqual(first);
});

describe('a snapshot', () => {
  test('brings tokens back to life that were good then, and knows nothing of those that came later', async () => {
    const early = await mint();
    const before = await idp.snapshot();
    expect(await isGood(early)).toBe(true);
    await revoke(early);
    const late = await mint();
    expect([await isGood(early), await isGood(late)]).toEqual([false, true]);
    await idp.restore(before);
    // A token that knows of later revocations than the log now holds is no sign that the log has lost them.
    expect([await isGood(late), await isGood(early)]).toEqual([false, true]);
    await revoke(early);
    expect(await isGood(early)).toBe(false);
    await idp.restore(before);
    expect(await isGood(early)).toBe(true);
    await expect(idp.restore('none')).rejects.toThrow(/no snapshot none/);
  });

  test('takes time and signing keys back as well, over every rotation', async () => {
    const [before, first] = [await idp.snapshot(), await kids()];
    const token = await mint();
    await idp.clock.advance('400d');
    await vi.waitFor(async () => expect(await kids()).not.toEqual(first), 60_000);
    await idp.restore(before);
    expect(await kids()).toEqual(first);
    expect(Math.abs((await idp.clock.now()).getTime() - Date.now())).toBeLessThan(60_000);
    expect(await isGood(token)).toBe(false);
    await idp.clock.advance('1d');
    const later = await idp.snapshot();
    await idp.reset();
    await idp.restore(later);
    expect((await idp.clock.now()).getTime() - Date.now()).toBeGreaterThan(86_000_000);
  });

  test('leaves no follower of revocations with what it had read in between', async () => {
    const feed = `${idp.issuer}/revocations`;
    const cursor = async (): Promise<string> => {
      const [line = ''] = (await (await fetch(`${feed}/snapshot`)).text()).split('\n');
      return String(decodeJwt(line)['cursor']);
    };
    const before = await idp.snapshot();
    await revoke(await mint());
    const follower = await cursor();
    expect((await fetch(`${feed}?after=${follower}`)).status).toBe(200);
    await idp.restore(before);
    await revoke(await mint());
    expect((await fetch(`${feed}?after=${follower}`)).status).toBe(410);
    expect((await fetch(`${feed}?after=${await cursor()}`)).status).toBe(200);
  });

  test('is followed by an API, which takes again what had been taken back in between', async () => {
    const api = createVerifier({
      issuer: idp.issuer,
      audience: API,
      revocation: { whenSilent: 'refuse' },
    });
    const isTaken = (token: string): Promise<boolean> =>
      api.verify(token).then(
        () => true,
        () => false,
      );
    try {
      const token = await mint();
      const before = await idp.snapshot();
      await expect.poll(() => isTaken(token)).toBe(true);
      await revoke(token);
      await expect.poll(() => isTaken(token)).toBe(false);
      await idp.restore(before);
      await expect.poll(() => isTaken(token)).toBe(true);
      await revoke(token);
      await expect.poll(() => isTaken(token)).toBe(false);
    } finally {
      api.close();
    }
  });

  test('is restored in a moment', async () => {
    const timeOfOne = async (): Promise<number> => {
      const kept = await idp.snapshot();
      const began = performance.now();
      await idp.restore(kept);
      return performance.now() - began;
    };
    // Once is enough: what a busy machine adds is none of it.
    await expect.poll(timeOfOne).toBeLessThan(250);
  });

  test('is restored while other requests wait for it, none of which is refused', async () => {
    const token = await mint();
    const kept = await idp.snapshot();
    const asked = Array.from({ length: 40 }, () => isGood(token));
    await Promise.all([idp.restore(kept), idp.restore(kept), ...asked]);
    expect(await Promise.all(asked)).not.toContain(false);
    expect(await isGood(token)).toBe(true);
  });
});

test('a seed that is not good says what is wrong', async () => {
  await expect(
    startLatchkey({ seed: { clients: [{ id: 'app', type: 'spaceship' }] } }),
  ).rejects.toThrow(/clients\[0\]\.type/);
});

test('a port that another program has taken meanwhile is left to it', async () => {
  const other = await listen((_, response) => void response.end());
  const port = await freePort();
  const ports = [other.port, port];
  try {
    const node = await startNodeProcess({}, async () => ports.shift() ?? 0);
    expect(node.issuer).toBe(`http://127.0.0.1:${port}`);
    await node.close();
  } finally {
    await other.close();
  }
});
