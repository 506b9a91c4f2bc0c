import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNode20 } from '../../support/node-20.ts';
import { details, openEmbeddedSite } from '../revocation/fixture.ts';
import { API, startIssuer } from './fixture.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GZIP_BYTES_MAX = 15_000;
const PATIENCE_MS = 120_000;

let folder: string;
let installed: string;

// A project of somebody else, with the package as it is published.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-verifier-'));
  installed = join(folder, 'node_modules/latchkey-verifier');
  const packing = { cwd: join(ROOT, 'verifier') };
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], packing);
  const project = {
    type: 'module',
    dependencies: { 'latchkey-verifier': `file:${stdout.trim()}` },
    // The registry is not asked: this is about the package, and not about its dependency.
    overrides: { jose: `file:${join(ROOT, 'node_modules/jose')}` },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(project));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund'], { cwd: folder });
  for (const name of ['@types/node', '@types/koa', 'fastify', 'hono']) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path);
  }
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `code` prints as an ES module of the project. */
async function evaluate(code: string): Promise<string> {
  const args = ['--input-type=module', '-e', code];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  return stdout.trim();
}

/** What the compiler finds wrong with `code` in the project. */
async function compile(code: string, options: object): Promise<string> {
  await writeFile(join(folder, 'consumer.ts'), code);
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', types: ['node'] };
  const files = ['consumer.ts'];
  const settings = { compilerOptions: { ...compilerOptions, ...options }, files };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  return run(tsc, ['-p', folder]).then(
    () => '',
    (failure: { readonly stdout: string }) => failure.stdout,
  );
}

const PLAIN = `
  import { createVerifier, TokenRevoked, type AccessTokenClaims } from 'latchkey-verifier';
  import { withToken } from 'latchkey-verifier/fetch';
  import { createForwardAuth } from 'latchkey-verifier/forward-auth';
  import { createRelay } from 'latchkey-verifier/relay';
  import { createServer } from 'node:http';
  const verifier = createVerifier({ issuer: 'https://id.example', audience: 'a', revocation: false });
  const claims: AccessTokenClaims = await verifier.verify('').catch((error: unknown) => {
    throw error instanceof TokenRevoked ? error.code satisfies 'ERR_TOKEN_REVOKED' : error;
  });
  withToken(verifier, (request, { sub }) => Response.json({ sub, url: request.url, claims }));
  const relay = createRelay({ issuer: 'https://id.example' });
  const verify = createForwardAuth(verifier, { proxy: 'nginx' });
  createServer((request, response) => void (relay.handle(request, response) || verify(request, response)));`;

const FRAMEWORKS = `
  import type { Middleware } from 'koa';
  import { fastify } from 'fastify';
  import { Hono } from 'hono';
  import { createVerifier } from 'latchkey-verifier';
  import { requireToken as forFastify } from 'latchkey-verifier/fastify';
  import { requireToken as forHono, type TokenEnvironment } from 'latchkey-verifier/hono';
  import { requireToken as forKoa } from 'latchkey-verifier/koa';
  const verifier = createVerifier({ issuer: 'https://id.example', audience: 'a', revocation: false });
  export const koa: Middleware = forKoa(verifier);
  fastify().get('/', { onRequest: forFastify(verifier, { roles: ['clerk'] }) }, async () => ({}));
  new Hono<TokenEnvironment>().get('/', forHono(verifier), (c) => c.json(c.get('auth').sub));`;

describe('the package latchkey-verifier', () => {
  test('is JavaScript, and its main entry verifies', async () => {
    const code = `
      import { createVerifier } from 'latchkey-verifier';
      const verifier = createVerifier({ issuer: 'https://id.example', audience: 'a', revocation: false });
      console.log(verifier.status().feed);`;
    expect(await evaluate(code)).toBe('off');
  });

  test.each([
    ['express', 'requireToken'],
    ['koa', 'requireToken'],
    ['fastify', 'requireToken'],
    ['hono', 'requireToken'],
    ['fetch', 'withToken'],
    ['forward-auth', 'createForwardAuth'],
    ['relay', 'createRelay'],
  ])('has an entry for %s', async (name, expected) => {
    const code = `console.log(Object.keys(await import('latchkey-verifier/${name}')).join())`;
    expect(await evaluate(code)).toBe(expected);
  });

  test(
    'verifies, follows the feed and refuses what was revoked on Node 20',
    async () => {
      const node20 = await openNode20();
      const site = await openEmbeddedSite();
      const node = await site.node();
      const issuer = await startIssuer(node);
      const code = `
        import { createVerifier } from 'latchkey-verifier';
        import { createInterface } from 'node:readline';
        const [issuer, audience] = process.argv.slice(-2);
        const verifier = createVerifier({ issuer, audience, revocation: { whenSilent: 'refuse' } });
        for await (const token of createInterface({ input: process.stdin }))
          console.log(await verifier.verify(token).then(({ sub }) => sub, ({ code }) => code));`;
      const args = ['--input-type=module', '-e', code, issuer.url, API];
      const child = spawn(node20.path, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout });
      const verdict = async (token: string): Promise<unknown> => {
        const answer = once(lines, 'line');
        child.stdin.write(`${token}\n`);
        return (await answer)[0];
      };
      try {
        const token = await issuer.issue({ gid: 'on-20' });
        expect(await verdict(token)).toBe('alice');
        await node.revocation.revoke({ kind: 'grant', grantId: 'on-20' }, details);
        await expect.poll(() => verdict(token)).toBe('ERR_TOKEN_REVOKED');
      } finally {
        child.kill('SIGKILL');
        await issuer.close();
        await site.close();
        await node20.close();
      }
    },
    PATIENCE_MS,
  );

  test('has a program that explains itself', async () => {
    const { stdout } = await run(join(folder, 'node_modules/.bin/latchkey-verifier'), ['--help']);
    expect(stdout).toContain('--when-silent');
  });

  test.each([
    ['NodeNext, every declaration checked', { module: 'nodenext', skipLibCheck: false }],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: false }],
  ])('has types for a consumer with %s', async (_, options) => {
    expect(await compile(PLAIN, options)).toBe('');
    expect(await compile(PLAIN.replace('{ sub,', '{ nobody,'), options)).toContain('nobody');
  });

  test('has adapters that fit the types of the frameworks', async () => {
    expect(await compile(FRAMEWORKS, { module: 'nodenext', skipLibCheck: true })).toBe('');
  });

  test('is at most 15 kB compressed, without jose', async () => {
    const files = globSync('dist/**/*.js', { cwd: installed });
    const texts = await Promise.all(files.map((file) => readFile(join(installed, file))));
    expect(files.length).toBeGreaterThan(5);
    expect(gzipSync(Buffer.concat(texts)).length).toBeLessThan(GZIP_BYTES_MAX);
  });

  test('leans on jose alone, in the version of the provider', async () => {
    const read = async (path: string): Promise<{ dependencies: Record<string, string> }> =>
      JSON.parse(await readFile(path, 'utf8'));
    const own = await read(join(installed, 'package.json'));
    const provider = await read(join(ROOT, 'package.json'));
    expect(own.dependencies).toEqual({ jose: provider.dependencies['jose'] });
  });
});
