import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpConfig } from '../../../src/http/config.ts';
import { createOutbound, type Outbound, type ResolveHost } from '../../../src/http/outbound.ts';

let server: Server;
let port: number;
let listener: RequestListener;
let seen: string[];
const opened: Outbound[] = [];

beforeEach(async () => {
  seen = [];
  listener = (_, response) => void response.end('hello');
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((outbound) => outbound.close()));
  server.closeAllConnections();
  server.close();
});

/** A resolver that answers each question with the next of its answers. */
function resolver(...answers: readonly (readonly string[])[]): ResolveHost & { asked: number } {
  const resolve = (
    _: string,
    __: object,
    callback: (error: null, addresses: { address: string; family: number }[]) => void,
  ): void => {
    const answer = answers[Math.min(resolve.asked, answers.length - 1)] ?? [];
    resolve.asked += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  resolve.asked = 0;
  return resolve;
}

function open(
  allow: readonly string[],
  {
    resolveHost,
    isHttpAllowed = true,
    ...limits
  }: {
    resolveHost?: ResolveHost;
    isHttpAllowed?: boolean;
    timeoutMs?: number;
    bodyMax?: string;
  } = {},
): Outbound {
  const settings = httpConfig.parse({ outbound: { allow, ...limits } }).outbound;
  const outbound = createOutbound({ settings, isHttpAllowed, resolveHost });
  opened.push(outbound);
  return outbound;
}

const refused = { code: 'ERR_OUTBOUND_REFUSED' };

describe('addresses that are not public', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '10.0.0.1',
  ])('http://%s is refused, however it is written', async (host) => {
    await expect(open([]).fetch(`http://${host}:${port}/`)).rejects.toMatchObject(refused);
    expect(seen).toEqual([]);
  });

  test('a name that leads to one is refused', async () => {
    for (const addresses of [['127.0.0.1'], ['::1'], ['93.184.216.34', '127.0.0.1']]) {
      const outbound = open([], { resolveHost: resolver(addresses) });
      await expect(outbound.fetch(`http://app.example:${port}/`)).rejects.toMatchObject({
        cause: refused,
      });
    }
    expect(seen).toEqual([]);
  });

  test('a name is resolved once: what is connected to is what was checked (DNS rebinding)', async () => {
    const resolveHost = resolver(['127.0.0.1'], ['10.0.0.1']);
    const outbound = open(['127.0.0.0/8'], { resolveHost });
    expect(await (await outbound.fetch(`http://app.example:${port}/`)).text()).toBe('hello');
    expect(resolveHost.asked).toBe(1);
  });
});

describe('what the settings allow', () => {
  test('a name, whatever its address', async () => {
    const outbound = open(['app.internal'], { resolveHost: resolver(['127.0.0.1']) });
    const response = await outbound.fetch(`http://app.internal:${port}/jwks`);
    expect([response.status, await response.text()]).toEqual([200, 'hello']);
    expect(seen).toEqual([`GET app.internal:${port} /jwks`]);
    await expect(outbound.fetch(`http://other.internal:${port}/`)).rejects.toThrow('fetch failed');
  });

  test('a network, by name or by address', async () => {
    const outbound = open(['127.0.0.0/8'], { resolveHost: resolver(['127.0.0.1']) });
    expect((await outbound.fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect((await outbound.fetch(`http://app.example:${port}/`)).status).toBe(200);
  });

  test('http only in dev', async () => {
    const outbound = open(['127.0.0.1'], { isHttpAllowed: false });
    await expect(outbound.fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject(refused);
    await expect(outbound.fetch('file:///etc/passwd')).rejects.toMatchObject(refused);
    await expect(open([]).fetch('data:text/plain,x')).rejects.toMatchObject(refused);
  });
});

describe('limits', () => {
  const url = (): string => `http://127.0.0.1:${port}/`;

  test('a redirect is not followed, wherever it leads', async () => {
    listener = (_, response) => void response.writeHead(302, { Location: '/next' }).end();
    await expect(open(['127.0.0.1']).fetch(url())).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  test('an answer that takes too long is given up, in the head or in the body', async () => {
    const outbound = open(['127.0.0.1'], { timeoutMs: 200 });
    listener = () => undefined;
    await expect(outbound.fetch(url())).rejects.toThrow(/timeout/);
    listener = (_, response) => void response.write('begun');
    const response = await outbound.fetch(url());
    await expect(response.text()).rejects.toThrow();
  });

  test('an answer that is too large is given up, also when it was sent small', async () => {
    const outbound = open(['127.0.0.1'], { bodyMax: '64KB' });
    const large = Buffer.alloc(100_000);
    listener = (_, response) => void response.end(large);
    await expect((await outbound.fetch(url())).text()).rejects.toMatchObject(refused);
    listener = (_, response) =>
      void response.setHeader('Content-Encoding', 'gzip').end(gzipSync(large));
    await expect((await outbound.fetch(url())).text()).rejects.toMatchObject(refused);
  });

  test('the caller may give up earlier', async () => {
    listener = () => undefined;
    const signal = AbortSignal.timeout(50);
    await expect(open(['127.0.0.1']).fetch(url(), { signal })).rejects.toThrow();
  });
});

test('the engine’s own dispatcher, and its request, are taken as they come', async () => {
  listener = (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () =>
      response.end(
        `${request.headers['content-type']} ${String(request.headers['x-mark'])} ${body}`,
      ),
    );
  };
  const outbound = open(['127.0.0.1']);
  const response = await outbound.fetch(`http://127.0.0.1:${port}/logout`, {
    method: 'POST',
    headers: new Headers({ 'x-mark': 'engine' }),
    body: new URLSearchParams({ logout_token: 'a.b.c' }),
    dispatcher: { dispatch: () => expect.unreachable() },
  } as unknown as RequestInit);
  expect(await response.text()).toBe(
    'application/x-www-form-urlencoded;charset=UTF-8 engine logout_token=a.b.c',
  );
});
