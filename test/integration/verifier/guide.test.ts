import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../../src/settings.ts';
import { freePort } from '../../support/ports.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BLOCK = /^```(?<language>\w+)(?: (?<name>[\w.]+))?\n(?<code>[\s\S]*?)^```$/gm;
const LINES_MAX = 15;
const PATIENCE_MS = 60_000;
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
}, PATIENCE_MS);
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

const here = (text: string, port: number): string =>
  text
    .replaceAll('https://id.example.com', issuer.url)
    .replaceAll('3000', String(port))
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
  await expect.poll(isUp, { timeout: PATIENCE_MS / 2 }).toBe(true);
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
      const ask = (token?: string): Promise<Response> =>
        fetch(`${origin}/orders`, {
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        });
      const gid = `guide-${name}`;
      const good = await issuer.issue({ gid, scope: 'orders:read' });

      const admitted = await ask(good);
      expect(admitted.status).toBe(200);
      expect(await admitted.json()).toEqual({ orders: [], of: 'alice' });
      const refused = await ask();
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe(
        `Bearer resource_metadata="${API}${METADATA}"`,
      );
      expect((await ask(await issuer.issue({ scope: 'other' }))).status).toBe(403);
      expect((await ask(await issuer.issue({ aud: 'https://other.example' }))).status).toBe(401);
      expect(await (await fetch(`${origin}${METADATA}`)).json()).toMatchObject({
        resource: API,
        authorization_servers: [issuer.url],
      });

      await node.revocation.revoke({ kind: 'grant', grantId: gid }, details);
      await expect.poll(async () => (await ask(good)).status, { timeout: 1000 }).toBe(401);
    },
    PATIENCE_MS,
  );

  test('says it in ten lines a framework, or a few more', () => {
    expect(programs.size).toBe(8);
    for (const code of programs.values()) {
      const lines = code.split('\n').filter((line) => line.trim() !== '');
      expect(lines.length).toBeLessThanOrEqual(LINES_MAX);
    }
  });

  test(
    'has a relay that verifiers can follow',
    async () => {
      const url = `${await startProgram('relay.js')}/revocations`;
      const verifier = issuer.verifier({ revocation: { whenSilent: 'refuse', url } });
      const token = await issuer.issue();
      await expect
        .poll(() => verifier.verify(token).catch(String), { timeout: 10_000 })
        .toMatchObject({ sub: 'alice' });
    },
    PATIENCE_MS,
  );

  test(
    'has a command that answers a proxy',
    async () => {
      const command = blocks.find(({ code }) => code.startsWith('npx'))?.code ?? '';
      const port = await freePort();
      const [, name, ...args] = here(command, port)
        .split(/[\s\\]+/)
        .filter((word) => word !== '');
      expect(name).toBe('latchkey-verifier');
      const program = join(folder, 'node_modules/latchkey-verifier/dist/bin.js');
      const origin = await start(process.execPath, [program, ...args], port);
      const token = await issuer.issue({ scope: 'orders:read' });
      const headers = { authorization: `Bearer ${token}` };
      const nginx = blocks.find(({ language }) => language === 'nginx')?.code ?? '';
      const [, query = ''] = /proxy_pass http:\/\/127.0.0.1:3000(\/verify\S*);/.exec(nginx) ?? [];
      const answer = await fetch(origin + query, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-auth-subject')).toBe('alice');
    },
    PATIENCE_MS,
  );
});
