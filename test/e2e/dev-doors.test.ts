import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { createOpenidClient, type OpenidClient } from '../support/relying-parties/openid-client.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');

const run = promisify(execFile);
const API = 'https://api.example.com';

let latchkey: Latchkey;
let web: OpenidClient;

beforeAll(async () => {
  latchkey = await startLatchkey({
    settings: {
      apis: [{ identifier: API, name: 'Messages', scopes: { read: 'Read', write: 'Write' } }],
      clients: [
        {
          id: 'web',
          name: 'The shop',
          type: 'web',
          secretInClear: SECRET,
          redirectUris: ['http://127.0.0.1:1/callback'],
          apis: [API],
        },
      ],
    },
  });
  web = await createOpenidClient({
    issuer: latchkey.issuer,
    id: 'web',
    redirectUri: 'http://127.0.0.1:1/callback',
    authentication: client.ClientSecretBasic(SECRET),
    metadata: { [client.clockTolerance]: 40 * 365 * 86_400 },
  });
});

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function order(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Told> {
  const response = await fetch(`${latchkey.issuer}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const signIn = (): ReturnType<OpenidClient['signIn']> =>
  web.signIn(createUserAgent(latchkey.issuer));
const isActive = async (token: string): Promise<boolean> =>
  (await client.tokenIntrospection(web.configuration, token)).active;

/** As an API verifies it, by nothing but the issuer's documents. */
function verify(token: string): Promise<object> {
  const keys = createRemoteJWKSet(new URL(`${latchkey.issuer}/.well-known/jwks.json`));
  const { issuer } = latchkey;
  return jwtVerify(token, keys, {
    issuer,
    audience: API,
    typ: 'at+jwt',
    algorithms: ['RS256', 'ES256'],
  });
}

describe('a token for tests of an API', () => {
  const mint = async (wish: object): Promise<string> => {
    const { status, body } = await order('/dev/tokens', { client: 'web', api: API, ...wish });
    expect({ status, body }).toMatchObject({ status: 200 });
    return String(body['access_token']);
  };

  test('is for any person, client, scopes and claims, and is as good as any', async () => {
    const wish = { person: 'alice', scopes: ['read'], claims: { plan: 'gold' }, expiresIn: '5m' };
    const token = await mint(wish);
    const { iat = 0, ...claims } = decodeJwt(token);
    expect(claims).toMatchObject({ client_id: 'web', aud: API, scope: 'read', plan: 'gold' });
    expect(claims.exp).toBe(iat + 300);
    await expect(verify(token)).resolves.toBeDefined();
    expect(await client.tokenIntrospection(web.configuration, token)).toMatchObject({
      active: true,
      scope: 'read',
    });
  });

  test('can be taken back like any', async () => {
    const token = await mint({ person: 'alice@example.com' });
    expect(decodeJwt(token)).toMatchObject({ gid: expect.any(String), rev: expect.any(String) });
    await client.tokenRevocation(web.configuration, token);
    expect(await isActive(token)).toBe(false);
    const own = await mint({});
    expect(decodeJwt(own).sub).toBe('web');
    await client.tokenRevocation(web.configuration, own);
    expect(await isActive(own)).toBe(false);
  });

  test.each(['expired', 'issuer', 'audience', 'type', 'signature', 'key', 'none'])(
    'with a flaw (%s) is refused by an API, and with most by us',
    async (flaw) => {
      const token = await mint({ person: 'alice', flaw });
      await expect(verify(token)).rejects.toThrow();
      // What an API must see for itself is no matter of ours: whom it is for, and of which kind it is.
      if (!['audience', 'type'].includes(flaw)) expect(await isActive(token)).toBe(false);
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${latchkey.issuer}/userinfo`, { headers })).ok).toBe(false);
    },
  );

  test('that nobody could get is refused in words', async () => {
    for (const wish of [
      { client: 'nobody' },
      { client: 'web', person: 'nobody' },
      { client: 'web', api: 'https://other.example' },
      { client: 'web', api: API, scopes: ['admin'] },
      { client: 'web', api: API, claims: { sub: 'somebody else' } },
      { client: 'web', unknown: 1 },
    ])
      expect(await order('/dev/tokens', wish)).toMatchObject({
        status: 400,
        body: { error_description: expect.any(String) },
      });
  });
});

describe('the clock', () => {
  test('put forward takes access tokens along, and leaves refresh tokens their longer life', async () => {
    const tokens = await signIn();
    expect(await isActive(tokens.access_token)).toBe(true);
    const { status, body } = await order('/dev/clock', { advance: '16m' });
    expect(status).toBe(200);
    expect(body['aheadSeconds']).toBe(960);
    expect(await isActive(tokens.access_token)).toBe(false);
    const again = await client.refreshTokenGrant(web.configuration, tokens.refresh_token ?? '');
    expect(await isActive(again.access_token)).toBe(true);
  });

  test('put forward ends authorization codes and browser sessions', async () => {
    const agent = createUserAgent(latchkey.issuer);
    const answer = await web.authorize(agent);
    await order('/dev/clock', { advance: '11m' });
    await expect(web.redeem(answer)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await web.authorize(agent)).url.searchParams.get('code')).not.toBeNull();
    await order('/dev/clock', { advance: '60d' });
    const { url } = await web.authorize(agent, { prompt: 'none' });
    expect(url.searchParams.get('error')).toBe('login_required');
  });

  test('put forward by months turns the keys, and what is signed then verifies', async () => {
    const before = await signIn();
    for (const _ of [1, 2]) await order('/dev/clock', { advance: '100d' });
    expect((await fetch(`${latchkey.issuer}/readyz`)).status).toBe(200);
    const after = await signIn();
    const kid = (token = ''): string | undefined => decodeProtectedHeader(token).kid;
    expect(kid(after.id_token)).not.toBe(kid(before.id_token));
    const keys = createRemoteJWKSet(new URL(`${latchkey.issuer}/.well-known/jwks.json`));
    const { seconds } = await read('/dev/clock');
    const currentDate = new Date(Number(seconds) * 1000);
    await expect(jwtVerify(after.id_token ?? '', keys, { currentDate })).resolves.toBeDefined();
  });

  test('is set to an instant, and refuses in words to go back', async () => {
    const { now } = await read('/dev/clock');
    const later = new Date(Date.parse(String(now)) + 3_600_000).toISOString();
    const { body } = await order('/dev/clock', { set: later });
    expect(Math.abs(Date.parse(String(body['now'])) - Date.parse(later))).toBeLessThan(5000);
    const back = await order('/dev/clock', { set: '2001-01-01T00:00:00Z' });
    expect(back).toMatchObject({
      status: 400,
      body: { error_description: expect.stringContaining('does not go back') },
    });
    expect(await order('/dev/clock', { advance: 'a while' })).toMatchObject({ status: 400 });
    expect(await order('/dev/clock', { advance: '9999d' })).toMatchObject({ status: 400 });
  });
});

async function read(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${latchkey.issuer}${path}`);
  return (await response.json()) as Record<string, unknown>;
}

describe('a planned fault', () => {
  const JWKS = '/.well-known/jwks.json';
  const plan = async (wish: object): Promise<void> => {
    expect(await order('/dev/faults', wish)).toMatchObject({ status: 200 });
  };
  const get = (path: string): Promise<Response> => fetch(`${latchkey.issuer}${path}`);

  test('meets as many requests as planned, and the next one is answered truly', async () => {
    await plan({ path: '/token', status: 503, times: 2 });
    const refresh = async (): Promise<number | undefined> =>
      (await fetch(`${latchkey.issuer}/token`, { method: 'POST' })).status;
    expect([await refresh(), await refresh(), await refresh()]).toEqual([503, 503, 400]);
  });

  test('meets the key set and discovery, too, also on a connection that asks again and again', async () => {
    for (const _ of [1, 2, 3]) expect((await get(JWKS)).status).toBe(200);
    await plan({ path: JWKS, body: 'malformed' });
    await plan({ path: '/.well-known/openid-configuration', status: 500 });
    await expect((await get(JWKS)).json()).rejects.toThrow(SyntaxError);
    expect((await get('/.well-known/openid-configuration')).status).toBe(500);
    await expect((await get(JWKS)).json()).resolves.toMatchObject({ keys: expect.any(Array) });
  });

  test('may be nothing but late', async () => {
    await plan({ path: JWKS, delay: '300ms' });
    const began = performance.now();
    expect((await get(JWKS)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(290);
  });

  test('is listed, forgotten, and refused when it says nothing', async () => {
    await plan({ path: '/userinfo', status: 500, times: 5 });
    expect(await (await get('/dev/faults')).json()).toEqual([
      { path: '/userinfo', times: 5, status: 500, delaySeconds: 0 },
    ]);
    const { status } = await fetch(`${latchkey.issuer}/dev/faults`, { method: 'DELETE' });
    expect(status).toBe(204);
    expect((await get('/userinfo')).status).not.toBe(500);
    for (const wish of [
      { path: '/token' },
      { path: '/dev/clock', status: 500 },
      { path: 'token', status: 500 },
    ])
      expect(await order('/dev/faults', wish)).toMatchObject({ status: 400 });
  });
});

describe('the guide', () => {
  const block = async (language: string): Promise<string> => {
    const guide = await readFile(new URL('../../docs/guides/testing.md', import.meta.url), 'utf8');
    return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'su').exec(guide)?.[1] ?? '';
  };

  test('has a recipe for pytest that starts a node, resets it and sees a token end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-guide-'));
    const here = `http://127.0.0.1:${await freePort()}`;
    const moved = async (language: string): Promise<string> =>
      (await block(language)).replaceAll('http://localhost:4000', here);
    const listen = `http: { listen: { host: 127.0.0.1, port: ${new URL(here).port} } }\n`;
    await writeFile(join(folder, 'test.yaml'), listen + (await moved('yaml')));
    const recipe = (await moved('python')).replace(
      '["npx", "latchkey",',
      JSON.stringify([
        process.execPath,
        fileURLToPath(new URL('../../latchkey.mjs', import.meta.url)),
      ]).replace(']', ','),
    );
    const steps = ['setup_module', 'setup_function', 'test_a_token_ends_with_its_time'];
    // As pytest calls them: the module is torn down also when a test fails.
    const calls = `${steps[0]}()\ntry:\n    ${steps[1]}()\n    ${steps[2]}()\n    print(order("/dev/tokens", {"client": "app"}))\n`;
    const program = `${recipe}\n${calls}finally:\n    teardown_module()\n`;
    try {
      const { stdout } = await run('python3', ['-c', program], { cwd: folder });
      expect(stdout).toContain('access_token');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(['java', 'go'])('makes no call in %s that is not taken', async (language) => {
    const recipe = await block(language);
    const found = recipe.matchAll(
      /order\((?:t, )?"(\/dev\/\w+)", (?:`([^`]*)`|("(?:[^"\\]|\\.)*"))\)/gu,
    );
    const calls = [...found].map(([, path = '', raw, quoted]) => ({
      path,
      body: JSON.parse((raw ?? JSON.parse(quoted ?? '')).replace('"app"', '"web"')) as unknown,
    }));
    expect(calls.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/dev/reset', '/dev/tokens']),
    );
    for (const { path, body } of calls)
      expect(await order(path, body)).toMatchObject({ status: 200 });
  });
});

describe('orders', () => {
  test('are taken as JSON, and from no page of another origin', async () => {
    const clock = '/dev/clock';
    const body = { advance: '1s' };
    expect(await order(clock, body, { origin: latchkey.issuer })).toMatchObject({ status: 200 });
    const foreign: readonly Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign)
      expect(await order(clock, body, headers)).toMatchObject({ status: 403 });
    expect(await order(clock, body, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
    });
  });

  test('are not taken under a name that is not ours (DNS rebinding)', async () => {
    expect(await statusUnder('evil.example')).toBe(421);
  });
});

function statusUnder(host: string): Promise<number | undefined> {
  const { port } = latchkey;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/dev/clock', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
