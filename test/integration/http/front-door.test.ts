import type { IncomingHttpHeaders } from 'node:http';
import { Router } from '@koa/router';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../../src/http/metrics.ts';
import { openViews } from '../../../src/http/views.ts';
import type { PreparedDocument } from '../../../src/provider/contract.ts';
import type { Origin } from '../../../src/runtime/origin.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';
import { originOf } from '../../../src/http/page.ts';
import { readForm } from '../../../src/http/form.ts';
import {
  createBareProtocol,
  openHost,
  PLAIN_THEME,
  VIEWS_FOLDER,
  type KeptLog,
} from '../../support/pages-host.ts';
import { freePort } from '../../support/ports.ts';
import { sendRaw } from '../../support/raw-http.ts';

const DISCOVERY = '/.well-known/openid-configuration';
const DOCUMENT: PreparedDocument = {
  body: Buffer.from('{"issuer":"x"}'),
  etag: '"v1"',
  contentType: 'application/json',
  cacheControl: 'public, max-age=300',
};

let issuer: string;
let port: number;
let log: KeptLog;
let metrics: Metrics;
let close: () => Promise<void>;
const engine = { seen: [] as { headers: IncomingHttpHeaders; origin: Origin }[] };
const health = { ok: true, remarks: ['all quiet'] };

beforeAll(async () => {
  port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  metrics = createMetrics();
  const views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
  const opened = await openHost({
    issuer,
    port,
    views,
    routers: [strangeRouter()],
    settings: { trustedProxies: ['127.0.0.1'], hosts: ['id.internal'], limits: { requests: 8 } },
    protocol: createBareProtocol({
      document: (path) => (path === DISCOVERY ? DOCUMENT : undefined),
      owns: (path) => /^\/(?:token|userinfo|logout\/confirm|authorize\/[\w-]+)$/.test(path),
      async handle({ headers, url }, response, origin) {
        engine.seen.push({ headers, origin });
        if (url === '/userinfo') throw new Error('a secret detail');
        response.setHeader('Content-Type', 'application/json');
        response.end('{"engine":true}');
      },
    }),
    overrides: { metrics, checks: { state: () => health } },
  });
  ({ log, close } = opened);
});
afterAll(() => close());
beforeEach(() => {
  engine.seen.length = 0;
});

const waiting: (() => void)[] = [];

function strangeRouter(): Router {
  return new Router()
    .get('/page/:id', (ctx) => {
      ctx.body = originOf(ctx).address;
    })
    .post('/form', async (ctx) => {
      ctx.body = Object.fromEntries(await readForm(ctx));
    })
    .get('/store', () => {
      throw new StateUnavailable('redis://user@10.0.0.1 gave no answer');
    })
    .get('/bug', (ctx) => {
      ctx.cookies.set('session', 'promised');
      throw new Error('a secret detail');
    })
    .get('/wait', async (ctx) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      ctx.body = 'waited';
    });
}

const HTML = { accept: 'text/html' };
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(issuer + path, { headers, redirect: 'manual' });

describe('probes', () => {
  test('are answered whatever the Host header says', async () => {
    const ask = (path: string): Promise<string> =>
      sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: close\r\n\r\n`);
    expect(await ask('/livez')).toMatch(/^HTTP\/1.1 200/);
    expect(await ask('/readyz')).toMatch(/^HTTP\/1.1 200/);
  });

  test('/readyz tells what an operator should know, and 503 while a check fails', async () => {
    expect(await (await get('/readyz')).json()).toMatchObject({
      ready: true,
      checks: { state: { ok: true, remarks: ['all quiet'] }, eventLoop: { ok: true } },
    });
    health.ok = false;
    const response = await get('/readyz');
    health.ok = true;
    expect([response.status, await response.json()]).toMatchObject([503, { ready: false }]);
  });
});

describe('the Host header', () => {
  const ask = (host: string): Promise<string> =>
    sendRaw(port, `GET ${DISCOVERY} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  test('must be ours: a foreign one is 421, for documents too (a cache could be poisoned)', async () => {
    for (const host of ['evil.example', `127.0.0.1:${port + 1}`, `127.0.0.1:${port}.evil.example`])
      expect(await ask(host)).toMatch(/^HTTP\/1.1 421/);
  });

  test('may be any that the settings list, in any case', async () => {
    expect(await ask('ID.internal')).toMatch(/^HTTP\/1.1 200/);
  });

  test('never reaches the engine: it sees that of the issuer', async () => {
    await sendRaw(
      port,
      'GET /token HTTP/1.1\r\nHost: id.internal\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(engine.seen[0]?.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      'x-forwarded-host': `127.0.0.1:${port}`,
      'x-forwarded-proto': 'http',
    });
  });
});

describe('prepared documents', () => {
  test('carry validators and may be read from any origin', async () => {
    const response = await get(DISCOVERY, { origin: 'https://spa.example' });
    expect(await response.text()).toBe('{"issuer":"x"}');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: '"v1"',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
      'content-type': 'application/json',
      'content-length': '14',
    });
  });

  test('are not sent again to who has them', async () => {
    for (const known of ['"v1"', 'W/"v1"', '"v0", "v1"', '*'])
      expect((await get(DISCOVERY, { 'if-none-match': known })).status).toBe(304);
    expect((await get(DISCOVERY, { 'if-none-match': '"v0"' })).status).toBe(200);
  });

  test('answer HEAD without a body, a preflight with leave, and nothing else', async () => {
    const ask = (method: string): Promise<Response> => fetch(issuer + DISCOVERY, { method });
    const head = await ask('HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      '14',
      '',
    ]);
    expect([(await ask('OPTIONS')).status, (await ask('POST')).status]).toEqual([204, 405]);
  });

  test('assets are served the same way', async () => {
    const response = await get('/assets/page.css');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/css; charset=utf-8',
    ]);
  });
});

describe('the origin of a request', () => {
  test('is told by a listed proxy', async () => {
    const response = await get('/page/1', { 'x-forwarded-for': '6.6.6.6, 203.0.113.9' });
    expect(await response.text()).toBe('203.0.113.9');
  });

  test('comes with an id that the answer carries too', async () => {
    const response = await get('/token', { 'x-request-id': 'from-the-proxy' });
    expect(response.headers.get('x-request-id')).toBe('from-the-proxy');
    expect(engine.seen[0]?.origin.requestId).toBe('from-the-proxy');
  });
});

describe('paths', () => {
  test.each(['/TOKEN', '/token/', '//token', '/%74oken', '/./token'])(
    '%s is not /token (the engine would take it: rules on the exact path could be passed by)',
    async (path) => {
      const answer = await sendRaw(
        port,
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 404/);
      expect(engine.seen).toEqual([]);
    },
  );

  test('an unknown one is a page for people and JSON for programs', async () => {
    const page = await get('/nowhere', { ...HTML, 'accept-language': 'de' });
    expect([page.status, await page.text()]).toEqual([
      404,
      expect.stringContaining('Hier ist nichts'),
    ]);
    const json = await get('/nowhere');
    expect([json.status, await json.json()]).toMatchObject([404, { error: 'not_found' }]);
  });
});

describe('the headers of everything dynamic', () => {
  test.each(['/page/1', '/token', '/nowhere', '/bug', '/store'])('%s', async (path) => {
    const headers = Object.fromEntries((await get(path)).headers);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|form-action/);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['strict-transport-security']).toBeUndefined();
  });
});

describe('faults', () => {
  test('a store that does not answer is 503 with Retry-After, and tells nothing of itself', async () => {
    for (const headers of [{}, HTML]) {
      const response = await get('/store', headers);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await response.text()).not.toContain('redis');
    }
    expect(await (await get('/store')).json()).toMatchObject({
      error: 'temporarily_unavailable',
    });
  });

  test('what nobody foresaw is 500 with the request id and nothing else', async () => {
    for (const path of ['/bug', '/userinfo']) {
      const response = await get(path, { 'x-request-id': 'request-17' });
      expect(response.status).toBe(500);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(await response.json()).toEqual({ error: 'server_error', request_id: 'request-17' });
    }
    expect(log.lines).toContainEqual(
      expect.objectContaining({ event: 'http.fault', level: 'error', requestId: 'request-17' }),
    );
  });
});

describe('forms', () => {
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${issuer}/form`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });

  test('are read', async () => {
    expect(await (await post('a=1&b=%C3%A4')).json()).toEqual({ a: '1', b: 'ä' });
  });

  test('with a field twice, or in another encoding, are refused', async () => {
    expect((await post('a=1&a=2')).status).toBe(400);
    expect((await post('{}', { 'content-type': 'application/json' })).status).toBe(400);
  });

  test('of more than a form of ours has are refused', async () => {
    expect((await post(`a=${'x'.repeat(20_000)}`)).status).toBe(413);
  });

  test('a body over the limit is not even read', async () => {
    const answer = await sendRaw(
      port,
      `POST /form HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 70000\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toMatch(/connection: close/i);
  });
});

test('a form of the engine’s own page is not taken from another site', async () => {
  const post = (site: string): Promise<Response> =>
    fetch(`${issuer}/logout/confirm`, { method: 'POST', headers: { 'sec-fetch-site': site } });
  expect((await post('cross-site')).status).toBe(403);
  expect((await post('same-origin')).status).toBe(200);
});

describe('malformed requests', () => {
  test.each([
    [
      'an unknown transfer coding',
      'POST /form HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /form HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    [
      'length and chunks',
      'POST /form HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET /token HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET /token HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n'],
    ['no HTTP at all', '\u0016\u0003\u0001 hello\r\n\r\n'],
    ['a bare line feed', 'GET /token HTTP/1.1\nHost: HOST\n\n'],
    ['a head too large', `GET /token HTTP/1.1\r\nHost: HOST\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`],
    [
      'an absolute URL of another',
      'GET http://evil.example/token HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
    ],
    [
      'a body cut off',
      'POST /form HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\na',
    ],
    ['an escape of nothing', 'GET /page/%ZZ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n'],
    [
      'an upgrade',
      'GET /nowhere HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n'],
    [
      'an expectation',
      'GET /page/1 HTTP/1.1\r\nHost: HOST\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    ],
  ])('%s gets no more than a refusal, and the next request is answered', async (_, text) => {
    // Some are waited for more of, for long: no answer is one, too.
    const answer = await sendRaw(port, text.replaceAll('HOST', `127.0.0.1:${port}`), 300);
    expect(answer).toMatch(/^(?:HTTP\/1.1 4\d\d |$)/);
    expect(engine.seen).toEqual([]);
    expect((await get('/token')).status).toBe(200);
  });

  test('are counted', async () => {
    expect(await metrics.text()).toMatch(/latchkey_http_refused_total\{reason="parser"\} [1-9]/);
  });
});

describe('more requests than can be worked on', () => {
  test('pages are refused first, then everything, with a time to come back; documents never', async () => {
    const held = Array.from({ length: 6 }, () => get('/wait'));
    await expect.poll(() => waiting.length).toBe(6);
    expect((await get('/page/1', HTML)).status).toBe(503);
    expect((await get('/token')).status).toBe(200);
    const more = [get('/wait'), get('/wait')];
    await expect.poll(() => waiting.length).toBe(8);
    const refused = await get('/token');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await get(DISCOVERY)).status).toBe(200);
    for (const go of waiting) go();
    for (const response of await Promise.all([...held, ...more])) expect(response.status).toBe(200);
    await expect.poll(async () => (await get('/page/1', HTML)).status).toBe(200);
  });
});

describe('logs and figures', () => {
  test('know a request by its route: no id, no query', async () => {
    await get('/page/some-secret?code=secret');
    await get('/authorize/some-secret');
    await get('/some-secret');
    await expect
      .poll(() => log.lines.filter(({ event }) => event === 'http.request').at(-1))
      .toMatchObject({
        method: 'GET',
        status: 404,
      });
    expect(JSON.stringify(log.lines)).not.toContain('secret?');
    expect(JSON.stringify(log.lines)).not.toContain('some-secret');
    const text = await metrics.text();
    expect(text).toContain('route="/page/:id"');
    expect(text).toContain('route="/authorize/*"');
    expect(text).not.toContain('some-secret');
  });
});
