import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../../src/settings.ts';
import { startNginx } from '../../support/nginx.ts';
import { freePort } from '../../support/ports.ts';
import { answerOf } from '../../support/verdict.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BLOCK = /^```(?<language>\w+)(?: (?<name>[\w.]+))?\n(?<code>[\s\S]*?)^```$/gm;
const LINES_MAX = 15;
const METADATA = '/.well-known/oauth-protected-resource';

const blocks = [
  ...(await readFile(join(ROOT, 'docs/guides/protect-an-api.md'), 'utf8')).matchAll(BLOCK),
].map(({ groups = {} }) => groups as { language: string; name?: string; code: string });
const programs = new Map(blocks.flatMap(({ name, code }) => (name ? [[name, code]] : [])));

let site: Site;
let node: Node;
let issuer: TestIssuer;
let folder: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
  issuer = await startIssuer(node, { public: false });
  folder = await mkdtemp(join(tmpdir(), 'lk-guide-'));
  const installed = join(folder, 'node_modules/latchkey-verifier');
  await run(process.execPath, [join(ROOT, 'verifier/build.mjs'), join(installed, 'dist')]);
  await writeFile(
    join(installed, 'package.json'),
    await readFile(join(ROOT, 'verifier/package.json')),
  );
  for (const name of ['jose', 'express', 'fastify', 'koa', 'hono', '@hono/node-server']) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path);
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'secret'), 'x\n');
});
afterEach(async () => {
  if (child === undefined) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
  child = undefined;
});
afterAll(async () => {
  await issuer.close();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

/** The port first: that of the issuer may have its digits in it. */
const here = (text: string, port: number): string =>
  text
    .replaceAll('3000', String(port))
    .replaceAll('https://id.example.com', issuer.url)
    .replaceAll('/run/secrets/orders-api', join(folder, 'secret'));

/** Starts a program of the guide; gives where it listens. */
async function start(command: string, args: readonly string[], port: number): Promise<string> {
  const environment = { ...process.env, CLIENT_SECRET: 'x' };
  child = spawn(command, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 2] });
  const origin = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(origin).then(
      () => true,
      () => false,
    );
  await expect.poll(isUp).toBe(true);
  return origin;
}

async function startProgram(name: string): Promise<string> {
  const port = await freePort();
  await writeFile(join(folder, 'verifier.js'), here(programs.get('verifier.js') ?? '', port));
  await writeFile(join(folder, name), here(programs.get(name) ?? '', port));
  return start(process.execPath, [name], port);
}

describe('the guide on protecting an API', () => {
  test('has settings that the provider takes', () => {
    const settings: object = parse(blocks.find(({ language }) => language === 'yaml')?.code ?? '');
    const parsed = settingsSchema.parse({ issuer: 'https://id.example.com', ...settings });
    expect(parsed.clients[0]?.introspects).toEqual([parsed.apis[0]?.identifier]);
  });

  test.each(['express.js', 'fastify.js', 'koa.js', 'hono.js', 'fetch.js', 'node.js'])(
    'protects one with %s',
    async (name) => {
      const origin = await startProgram(name);
      const ask = (token?: string): Promise<Response> => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return answerOf(() => fetch(`${origin}/orders`, { headers }));
      };
      const gid = `guide-${name}`;
      const good = await issuer.issue({ gid, scope: 'orders:read' });

      const admitted = await ask(good);
      expect(admitted.status).toBe(200);
      expect(await admitted.json()).toEqual({ orders: [], of: 'alice' });
      const refused = await ask();
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe(
        `Bearer scope="orders:read", resource_metadata="${API}${METADATA}"`,
      );
      expect((await ask(await issuer.issue({ scope: 'other' }))).status).toBe(403);
      expect((await ask(await issuer.issue({ aud: 'https://other.example' }))).status).toBe(401);
      expect(await (await fetch(`${origin}${METADATA}`)).json()).toMatchObject({
        resource: API,
        authorization_servers: [issuer.url],
      });

      await node.revocation.revoke({ kind: 'grant', grantId: gid }, details);
      await expect.poll(async () => (await ask(good)).status).toBe(401);
    },
  );

  test('says it in ten lines a framework, or a few more', () => {
    expect(programs.size).toBe(8);
    for (const code of programs.values()) {
      const lines = code.split('\n').filter((line) => line.trim() !== '');
      expect(lines.length).toBeLessThanOrEqual(LINES_MAX);
    }
  });

  test('has a relay that verifiers can follow', async () => {
    const url = `${await startProgram('relay.js')}/revocations`;
    const verifier = issuer.verifier({ revocation: { whenSilent: 'refuse', url } });
    const token = await issuer.issue();
    await expect.poll(() => verifier.verify(token).catch(String)).toMatchObject({ sub: 'alice' });
  });

  test('has a command and a configuration by which nginx lets good tokens through, and knows no client by what it says of itself', async () => {
    const port = await startCommand();
    const api = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const nginx = await startNginx({
      locations: here(blocks.find(({ language }) => language === 'nginx')?.code ?? '', port),
      upstreams: { orders: (api.address() as AddressInfo).port },
    });
    const ask = (token: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${nginx.origin}/orders/7`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    try {
      const claims = { gid: 'behind-nginx', scope: 'orders:read', roles: ['clerk'] };
      const good = await issuer.issue(claims);
      const smuggled = Object.fromEntries(
        ['Subject', 'Client', 'Scopes', 'Roles', 'Permissions'].flatMap((name) => [
          [`X-Auth-${name}`, 'admin'],
          [`X_Auth_${name}`, 'admin'],
        ]),
      );
      const originals = { 'X-Original-URI': '/public', 'X-Original-Method': 'OPTIONS' };
      await expect.poll(async () => (await ask(good)).status).toBe(200);
      const seen: unknown = await (await ask(good, { ...smuggled, ...originals })).json();
      expect(seen).toMatchObject({
        'x-auth-subject': 'alice',
        'x-auth-client': 'web',
        'x-auth-scopes': 'orders:read',
        'x-auth-roles': 'clerk',
      });
      expect(JSON.stringify(seen)).not.toContain('admin');
      expect((await ask('none', smuggled)).status).toBe(401);
      expect((await ask(await issuer.issue({ scope: 'other' }))).status).toBe(403);
      // What nginx asks about is not for strangers to ask.
      expect((await fetch(`${nginx.origin}/verify`)).status).toBe(404);

      await node.revocation.revoke({ kind: 'grant', grantId: 'behind-nginx' }, details);
      await expect.poll(async () => (await ask(good)).status).toBe(401);
      expect((await ask(good)).headers.get('www-authenticate')).toContain('invalid_token');
    } finally {
      await nginx.stop();
      api.closeAllConnections();
      api.close();
    }
  });
});

/** Starts the program as the guide does; gives its port. */
async function startCommand(): Promise<number> {
  const command = blocks.find(({ code }) => code.startsWith('npx'))?.code ?? '';
  const port = await freePort();
  const [, name, ...args] = here(command, port)
    .split(/[\s\\]+/)
    .filter((word) => word !== '');
  expect(name).toBe('latchkey-verifier');
  const program = join(folder, 'node_modules/latchkey-verifier/dist/bin.js');
  await start(process.execPath, [program, ...args], port);
  return port;
}
