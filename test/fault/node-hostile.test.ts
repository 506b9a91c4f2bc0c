import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendRaw } from '../support/raw-http.ts';
import { timeOf } from '../support/time-until.ts';
import { openWorld, SERVICE, type World } from './support/world.ts';

const JWKS = '/.well-known/jwks.json';
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const BASIC = `Authorization: Basic ${Buffer.from(`${SERVICE.id}:${SERVICE.secret}`).toString('base64')}`;

let world: World;
let host: string;
let port: number;
beforeAll(async () => {
  world = await openWorld({
    state: 'embedded',
    settings: { http: { limits: { headersTimeout: '1s', requestTimeout: '2s' } } },
  });
  ({ host } = new URL(world.issuer));
  [port = 0] = world.ports;
});
afterAll(() => world.close());

/** Sends a request written by hand; `head` are its lines after the first. */
function send(line: string, head: readonly string[] = [], body = ''): Promise<string> {
  return sendRaw(port, [line, ...head, '', body].join('\r\n'));
}

function post(path: string, body: string, head: readonly string[] = []): Promise<string> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return send(
    `POST ${path} HTTP/1.1`,
    [`Host: ${host}`, FORM, length, 'Connection: close', ...head],
    body,
  );
}

function get(path: string, head: readonly string[] = []): Promise<string> {
  return send(`GET ${path} HTTP/1.1`, [`Host: ${host}`, 'Connection: close', ...head]);
}

function statusesOf(answer: string): readonly number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})/gu)].map(([, status]) => Number(status));
}

const GRANT = 'grant_type=client_credentials';

describe('what the parser must not let through', () => {
  test.each([
    ['an unknown transfer coding', ['Transfer-Encoding: xchunked']],
    ['a coding behind chunked', ['Transfer-Encoding: chunked, identity']],
    ['chunked and a length at once', ['Transfer-Encoding: chunked', 'Content-Length: 4']],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 5']],
    ['a length with a sign', ['Content-Length: +4']],
    ['a space before the colon', ['Content-Length : 4']],
    ['a header that is folded', ['X-A: b', ' c']],
    ['a bare CR in a header', ['X-A: b\rX-B: c']],
    ['a null byte in a header', ['X-A: b\0c']],
  ])('%s', async (_name, head) => {
    const answer = await send(
      'POST /token HTTP/1.1',
      [`Host: ${host}`, FORM, ...head],
      'a=b\r\n0\r\n\r\n',
    );
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toMatch(/connection: close/iu);
  });

  test('a request behind one whose length is disputed', async () => {
    const smuggled = `GET ${JWKS} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const answer = await send(
      'POST /token HTTP/1.1',
      [`Host: ${host}`, FORM, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${smuggled}`,
    );
    expect(answer).not.toContain('"keys"');
  });

  test.each(['GARBAGE', 'GET', 'GET / HTTP/9.9', '\0\0\0\0', '\x16\x03\x01\x02'])(
    'the first line %j',
    async (line) => {
      expect(statusesOf(await send(line, [`Host: ${host}`]))).not.toContain(200);
    },
  );

  test('a head that is too large: 431', async () => {
    expect(statusesOf(await get('/', [`X-Large: ${'x'.repeat(20_000)}`]))).toEqual([431]);
    expect(statusesOf(await get(`/${'x'.repeat(20_000)}`))).toEqual([431]);
    expect(statusesOf(await get('/authorize', [`Cookie: ${'a=b; '.repeat(5000)}`]))).toEqual([431]);
  });

  test('ten thousand headers', async () => {
    const head = Array.from({ length: 10_000 }, (_, index) => `X-${index}: y`);
    expect(statusesOf(await get('/authorize', head))).toEqual([431]);
  });
});

describe('a client that takes its time', () => {
  test('over the head is cut off, and holds up nobody', async () => {
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nX-A:'));
      socket.on('error', () => undefined).resume();
      return socket;
    });
    await delay(200);
    const answering = async (): Promise<void> => expect(statusesOf(await get(JWKS))).toEqual([200]);
    expect(await timeOf(answering)).toBeLessThan(1000);
    await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed).length).toBe(0);
  });

  test('over the body gets 408 or is cut off', async () => {
    const head = [`Host: ${host}`, FORM, 'Content-Length: 100'];
    const answer = await sendRaw(
      port,
      ['POST /token HTTP/1.1', ...head, '', 'grant_type='].join('\r\n'),
    );
    expect(statusesOf(answer).every((status) => status === 408)).toBe(true);
  });
});

describe('parameters', () => {
  test('ten thousand of them are refused', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `p${index}=1`).join('&');
    expect(statusesOf(await post('/token', `${GRANT}&${many}`, [BASIC]))).toEqual([413]);
    const some = many.slice(0, 60_000);
    expect(statusesOf(await post('/token', `${GRANT}&${some}`, [BASIC]))[0]).toBeLessThan(500);
  });

  test.each(['/token', '/introspect', '/revoke'])('at %s none may stand twice', async (path) => {
    const body = `${GRANT}&token=a&token=b&scope=a&scope=b`;
    const answer = await post(path, body, [BASIC]);
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toContain('invalid_request');
  });

  test.each([
    ['invalid UTF-8', `${GRANT}&scope=%ff%fe`],
    ['a half escape', `${GRANT}&scope=%`],
    ['a null byte', `${GRANT}&scope=a%00b`],
    ['a lone surrogate', `${GRANT}&scope=%ED%A0%80`],
    ['names of the prototype', `${GRANT}&__proto__=a&constructor=b&toString=c&scope[a]=b`],
    ['nothing', ''],
    ['ampersands', '&'.repeat(50_000)],
    ['no form at all', '{"grant_type":"client_credentials"}'],
  ])('%s', async (_name, body) => {
    for (const path of ['/token', '/introspect', '/revoke', '/authorize', '/logout']) {
      const [status = 0] = statusesOf(await post(path, body, [BASIC]));
      expect(status, path).toBeGreaterThanOrEqual(200);
      expect(status, path).toBeLessThan(500);
    }
  });

  test('a body that is not of the type that it says', async () => {
    for (const type of [
      'application/json',
      'multipart/form-data; boundary=x',
      'text/plain; charset=utf-7',
    ]) {
      const head = [
        `Host: ${host}`,
        `Content-Type: ${type}`,
        'Content-Length: 5',
        'Connection: close',
        BASIC,
      ];
      const [status = 0] = statusesOf(await send('POST /token HTTP/1.1', head, '{"a":'));
      expect(status, type).toBeGreaterThanOrEqual(400);
      expect(status, type).toBeLessThan(500);
    }
  });
});

describe('where a request says that it goes', () => {
  test.each(['evil.example', `${'a'.repeat(300)}.example`, '', '[::1', 'a b'])(
    'the Host %j is not ours: 421 or 400',
    async (name) => {
      const [status] = statusesOf(
        await send(`GET ${JWKS} HTTP/1.1`, [`Host: ${name}`, 'Connection: close']),
      );
      expect([400, 421]).toContain(status);
    },
  );

  test('no Host, or two, is refused', async () => {
    expect(statusesOf(await send(`GET ${JWKS} HTTP/1.1`, ['Connection: close']))).toEqual([400]);
    const two = [`Host: ${host}`, 'Host: evil.example', 'Connection: close'];
    const [status] = statusesOf(await send('GET /authorize HTTP/1.1', two));
    expect([400, 421]).toContain(status);
  });

  test.each([
    '/TOKEN',
    '/token/',
    '//token',
    '/./token',
    '/x/../token',
    '/%74oken',
    '/token%2f',
    '/token;a=b',
    '/token%00',
    '/token\\',
    '/Authorize',
    '/authorize/',
    '/.well-known/JWKS.json',
    '/interaction/',
    '/interaction/%2e%2e%2fregister',
    '/assets/../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/%',
    '/%zz',
    '/%ff',
  ])('%s is nobody’s path', async (path) => {
    for (const answer of [await get(path), await post(path, GRANT, [BASIC])]) {
      const [status = 0] = statusesOf(answer);
      expect([400, 404, 405], path).toContain(status);
      expect(answer).not.toMatch(/access_token|"dependencies"/u);
    }
  });

  test('a whole URL names host and path (RFC 9112 section 3.2.2)', async () => {
    const ours = await send(`GET ${world.issuer}${JWKS} HTTP/1.1`, [
      `Host: ${host}`,
      'Connection: close',
    ]);
    expect(statusesOf(ours)).toEqual([200]);
    expect(ours).toContain('"keys"');
    // The target wins over the header, whatever that says.
    const theirs = await send(`GET http://evil.example${JWKS} HTTP/1.1`, [
      `Host: ${host}`,
      'Connection: close',
    ]);
    expect(statusesOf(theirs)).toEqual([421]);
    const proxied = await send('CONNECT evil.example:443 HTTP/1.1', [`Host: ${host}`]);
    expect(statusesOf(proxied)).not.toContain(200);
  });
});

describe('other manners of HTTP', () => {
  test('HTTP/1.0 is answered, and closed', async () => {
    const answer = await send(`GET ${JWKS} HTTP/1.0`, [`Host: ${host}`]);
    expect(statusesOf(answer)).toEqual([200]);
    expect(answer).toMatch(/connection: close/iu);
  });

  test('requests in a row without waiting are answered in order', async () => {
    const one = (path: string, head = ''): string =>
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${head}\r\n`;
    const last = one('/authorize', 'Connection: close\r\n');
    const kept = [JWKS, '/nothing', JWKS].map((path) => one(path));
    const answer = await sendRaw(port, [...kept, last].join(''));
    expect(statusesOf(answer)).toEqual([200, 404, 200, 400]);
  });

  test.each(['TRACE', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'OPTIONS'])(
    '%s crashes nothing',
    async (method) => {
      for (const path of ['/token', '/authorize', JWKS, '/nothing']) {
        const [status = 0] = statusesOf(
          await send(`${method} ${path} HTTP/1.1`, [
            `Host: ${host}`,
            'Content-Length: 0',
            'Connection: close',
          ]),
        );
        expect(status, path).toBeGreaterThanOrEqual(200);
        expect(status, path).toBeLessThan(500);
      }
    },
  );

  test('an upgrade and an expectation are passed over', async () => {
    const upgraded = await get(JWKS, [
      'Connection: Upgrade',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ]);
    expect(statusesOf(upgraded)).toEqual([200]);
    expect(statusesOf(await get(JWKS, ['Expect: something']))[0]).toBeLessThan(500);
  });

  test.each([
    'a=b; a=b; a=b',
    '__proto__=x',
    '_session=;;;;=====',
    `_interaction=${'%'.repeat(100)}`,
    'a=\u00ff\u00fe',
    '="',
    ' ',
  ])('the cookies %j are looked at and left', async (cookie) => {
    for (const path of ['/authorize?client_id=app', '/interaction/abc', '/logout']) {
      const [status = 0] = statusesOf(await get(path, [`Cookie: ${cookie}`]));
      expect(status, path).toBeGreaterThanOrEqual(200);
      expect(status, path).toBeLessThan(500);
    }
  });

  test.each([
    'Bearer',
    'Bearer  ',
    'Basic !!!!',
    'Basic Og==',
    `Basic ${'A'.repeat(100)}`,
    'Bearer a.b.c',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'DPoP x',
    'Negotiate x',
    'Basic =',
    '\u00e4',
  ])('the credentials %j are refused', async (authorization) => {
    for (const path of ['/userinfo', '/introspect', '/token', '/revoke']) {
      const [status = 0] = statusesOf(
        await post(path, `${GRANT}&token=x`, [`Authorization: ${authorization}`]),
      );
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(status, path).toBeLessThan(500);
    }
  });
});

test('after all that the node is the one that was started, and has met no fault of its own', async () => {
  expect(world.nodes[0]?.process.exitCode).toBeNull();
  expect((await fetch(`${world.issuer}/readyz`)).status).toBe(200);
  const lines = (world.nodes[0]?.output() ?? '').split('\n');
  expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
