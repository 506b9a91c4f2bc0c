import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createForwardAuth, type ForwardAuthOptions } from '../../../verifier/src/forward-auth.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { timeUntil } from '../../support/time-until.ts';
import { answerOf } from '../../support/verdict.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { createDpopKey } from './dpop-key.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

let site: Site;
let node: Node;
let issuer: TestIssuer;
let server: Server;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
  issuer = await startIssuer(node);
});
afterAll(async () => {
  await issuer.close();
  await site.close();
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** The endpoint that a proxy asks. */
async function serve(options: ForwardAuthOptions): Promise<string> {
  const handle = createForwardAuth(issuer.verifier(), options);
  server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      if (!(await handle(request, response))) response.writeHead(404).end();
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const send = (url: string, init?: RequestInit): Promise<Response> =>
  answerOf(() => fetch(url, init));

const bearer = async (claims: JWTPayload = {}) => ({
  authorization: `Bearer ${await issuer.issue(claims)}`,
});

describe('a proxy that asks GET /verify', () => {
  test('is told who it is, and each header is there, so that none of a client stays', async () => {
    const origin = await serve({ proxy: 'nginx' });
    const claims = { sub: 'Zoë 100%\u{1f600}', scope: 'a b', roles: ['clerk'] };
    const answer = await send(`${origin}/verify`, { headers: await bearer(claims) });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-auth-subject': 'Zo%C3%AB%20100%25%F0%9F%98%80',
      'x-auth-client': 'web',
      'x-auth-scopes': 'a b',
      'x-auth-roles': 'clerk',
      'x-auth-permissions': '',
      'cache-control': 'no-store',
    });
  });

  test('is told what to answer to those that are not let in', async () => {
    const origin = await serve({ proxy: 'traefik' });
    const answer = await send(`${origin}/verify`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toEqual({ error: 'unauthorized' });
  });

  test('is answered from memory, and within a second of a revocation otherwise', async () => {
    const origin = await serve({ proxy: 'nginx' });
    const headers = await bearer({ gid: 'forwarded' });
    const status = async (): Promise<number> =>
      (await send(`${origin}/verify`, { headers })).status;
    expect(await status()).toBe(200);
    await node.revocation.revoke({ kind: 'grant', grantId: 'forwarded' }, details);
    expect(await timeUntil(async () => (await status()) === 401)).toBeLessThan(1000);
  });

  test('may name what is required in the address', async () => {
    const origin = await serve({ proxy: 'nginx', requirements: { scopes: ['a'] } });
    const status = async (query: string, claims: JWTPayload): Promise<number> =>
      (await send(`${origin}/verify?${query}`, { headers: await bearer(claims) })).status;
    expect(await status('scope=b+c&role=clerk', { scope: 'a b c', roles: ['clerk'] })).toBe(200);
    expect(await status('scope=b+c&role=clerk', { scope: 'b c', roles: ['clerk'] })).toBe(403);
    expect(await status('scope=b&scope=c', { scope: 'a b' })).toBe(403);
    expect(await status('permission=x', { scope: 'a' })).toBe(403);
    expect(await status('bound', { scope: 'a' })).toBe(401);
  });

  test.each([
    ['nginx', 'x-original-method', 'x-original-uri'],
    ['traefik', 'x-forwarded-method', 'x-forwarded-uri'],
  ] as const)('as %s: a proof is for the request that it has', async (proxy, method, uri) => {
    const origin = await serve({ proxy });
    const key = await createDpopKey();
    const token = await issuer.issue({ cnf: { jkt: key.jkt } });
    const ask = async (more: Record<string, string>): Promise<number> => {
      const dpop = await key.prove({ token, method: 'POST', url: `${API}/orders` });
      const headers = { authorization: `DPoP ${token}`, dpop, ...more };
      return (await send(`${origin}/verify`, { headers })).status;
    };
    expect(await ask({ [method]: 'POST', [uri]: '/orders?a=b' })).toBe(200);
    expect(await ask({ [method]: 'POST', [uri]: '/other' })).toBe(401);
    expect(await ask({})).toBe(401);
    // The words of another kind of proxy, which a client could have put there.
    const foreign = proxy === 'nginx' ? 'x-forwarded' : 'x-original';
    const lies = { [`${foreign}-method`]: 'POST', [`${foreign}-uri`]: '/orders' };
    expect(await ask({ [method]: 'GET', [uri]: '/other', ...lies })).toBe(401);
  });

  test('as Envoy: the path behind the prefix and the method are those of the request', async () => {
    const origin = await serve({ proxy: 'envoy', requirements: { scopes: ['a'] } });
    const key = await createDpopKey();
    const token = await issuer.issue({ scope: 'a', cnf: { jkt: key.jkt } });
    const dpop = await key.prove({ token, method: 'PUT', url: `${API}/orders/1` });
    const headers = { authorization: `DPoP ${token}`, dpop };
    const answer = await send(`${origin}/verify/orders/1?scope=z`, { method: 'PUT', headers });
    expect(answer.status).toBe(200);
  });

  test.each(['//', '/verify//', 'http://[', '/verify?%'])(
    'with the strange target %s is answered all the same',
    async (target) => {
      const origin = await serve({ proxy: 'nginx' });
      const head = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      expect(await sendRaw(Number(new URL(origin).port), head)).toMatch(/^HTTP\/1.1 40[14]/);
    },
  );
});

describe('the program latchkey-verifier', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill());

  const start = (args: readonly string[]): ChildProcess => {
    const program = fileURLToPath(new URL('../../../verifier/src/bin.ts', import.meta.url));
    child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    return child;
  };

  test('answers a proxy, tells how it fares, hands the feed on, and ends when told', async () => {
    const settings = {
      issuer: issuer.url,
      audience: API,
      proxy: 'nginx',
      'when-silent': 'refuse',
      listen: '127.0.0.1:0',
    };
    const program = start(Object.entries(settings).map(([name, value]) => `--${name}=${value}`));
    const [line] = (await once(program.stdout ?? program, 'data')) as [Buffer];
    const origin = `http://127.0.0.1:${/:(\d+)\s*$/.exec(String(line))?.[1] ?? ''}`;
    const headers = await bearer();
    expect((await send(`${origin}/verify`, { headers })).status).toBe(200);
    expect((await send(`${origin}/verify`)).status).toBe(401);
    expect(await (await fetch(`${origin}/status`)).json()).toMatchObject({
      verifier: { feed: 'following' },
    });
    await expect.poll(async () => (await fetch(`${origin}/revocations/snapshot`)).status).toBe(200);
    expect((await fetch(`${origin}/other`)).status).toBe(404);
    program.kill('SIGTERM');
    expect(await once(program, 'exit')).toEqual([0, null]);
  });

  test('has no default for what to do when the feed is silent', async () => {
    const program = start(['--issuer', issuer.url, '--audience', API, '--proxy', 'nginx']);
    expect(await once(program, 'exit')).toEqual([2, null]);
  });
});
