import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { createOpenidClient, type OpenidClient } from '../support/relying-parties/openid-client.ts';
import { createUserAgent, type UserAgent } from '../support/relying-parties/user-agent.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** All that a fresh clone has, installed. */
const CLONED = [
  '.ci',
  'config',
  'latchkey.mjs',
  'node_modules',
  'package-lock.json',
  'package.json',
  'src',
  'views',
];
const READY_WITHIN_MS = 2000;
/** Two cores are shared by all that the tests run: what passes there says nothing, what a start computes does. */
const BUSY_FACTOR = 4;
/** Of the times in `/proc`, which are in hundredths of a second. */
const TICK_MS = 10;
const LISTENING = '0A';
const LOOPBACK = '0100007F';
const SPA_CALLBACK = 'http://localhost:5173/callback';

interface Started {
  readonly process: ChildProcess;
  readonly readyAfterMs: number;
  /** For how long it kept processors busy until then. */
  readonly computedMs: number;
  output(): string;
}

let clone: string;
let port: number;
let issuer: string;
let started: Started;
let agent: UserAgent;
let app: OpenidClient;

beforeAll(async () => {
  if (modified('node_modules/.package-lock.json') < modified('package-lock.json'))
    // `npm start` would install anew, beneath all tests that run at the same time.
    throw new Error('node_modules is older than package-lock.json; run: npm ci');
  clone = await mkdtemp(join(tmpdir(), 'latchkey-stranger-'));
  for (const name of CLONED) await symlink(join(ROOT, name), join(clone, name));
  port = await freePort();
  issuer = `http://localhost:${port}`;
  started = await start('npm', ['start']);
  agent = createUserAgent(issuer);
  app = await createOpenidClient({
    issuer,
    id: 'spa',
    redirectUri: SPA_CALLBACK,
    authentication: client.None(),
  });
});

afterAll(async () => {
  await stop();
  await rm(clone, { recursive: true, force: true });
});

function modified(path: string): number {
  return statSync(join(ROOT, path)).mtimeMs;
}

/** Runs a command in the clone as it is; only the port is another, since 4000 may be taken here. */
async function start(command: string, args: readonly string[]): Promise<Started> {
  const begun = performance.now();
  const child = spawn(command, args, {
    cwd: clone,
    env: {
      PATH: process.env['PATH'],
      HOME: clone,
      LATCHKEY_ISSUER: issuer,
      LATCHKEY_HTTP_LISTEN_PORT: String(port),
      // Those of the samples have ports of their own, which may be taken, too.
      LATCHKEY_AUTH0_TENANTS: '[]',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npm does not hand every signal on.
    detached: true,
  });
  // Should the test process end first, it takes the group with it.
  const takeAlong = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', takeAlong);
  child.once('exit', () => process.off('exit', takeAlong));
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  }
  const output = (): string => chunks.join('');
  while ((await statusAt('/readyz')) !== 200) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${output()}`);
    await delay(10);
  }
  const readyAfterMs = Math.round(performance.now() - begun);
  return { process: child, readyAfterMs, computedMs: computedBy(child.pid), output };
}

/** What all processes of a group have computed, with those that have ended. */
function computedBy(group: number | undefined): number {
  const times = globSync('/proc/[0-9]*/stat').map((file) => {
    try {
      // Behind the name, which may have anything in it: state, parent, group, and so on.
      const fields = readFileSync(file, 'utf8')
        .replace(/^.*\) /su, '')
        .split(' ')
        .map(Number);
      return fields[2] === group ? fields.slice(11, 15) : [];
    } catch {
      return [];
    }
  });
  return times.flat().reduce((sum, ticks) => sum + ticks, 0) * TICK_MS;
}

function statusAt(path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  );
}

async function stop(): Promise<void> {
  const { process: child } = started ?? {};
  if (child?.pid === undefined || child.exitCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  await ended;
}

function tell(what: string): void {
  const { readyAfterMs, computedMs } = started;
  process.stdout.write(
    `measured: ${what} was ready after ${readyAfterMs} ms, of which it computed ${computedMs} ms\n`,
  );
}

/** The addresses on which anything listens at our port, as the kernel has them. */
async function listeningAt(): Promise<readonly string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')),
  );
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  return rows.flatMap(([, local = '', , state]) =>
    state === LISTENING && local.endsWith(wanted) ? [local.slice(0, -wanted.length)] : [],
  );
}

async function keySet(): Promise<unknown> {
  return (await fetch(`${issuer}/.well-known/jwks.json`)).json();
}

test('npm start on an empty folder is ready in two seconds from installed', () => {
  tell('npm start on an empty folder');
  expect(started.computedMs).toBeGreaterThan(0);
  expect(started.computedMs).toBeLessThan(READY_WITHIN_MS * BUSY_FACTOR);
});

test('the banner says where it is, who can sign in, which clients there are, where data lies', async () => {
  await expect.poll(() => started.output()).toContain('Data');
  for (const said of [
    issuer,
    `${issuer}/try`,
    'alice@example.com  latchkey-dev',
    'bob@example.com  latchkey-dev',
    'spa  (spa)',
    'latchkey-dev-secret-not-for-production-0001',
    'machine  (machine)',
    'data/latchkey.sqlite',
    'keys in keys/',
  ]) {
    expect(started.output()).toContain(said);
  }
});

test('what it made is for its owner alone', () => {
  for (const folder of ['data', 'keys']) {
    const path = join(clone, folder);
    expect(statSync(path).mode & 0o777, folder).toBe(0o700);
    const files = readdirSync(path);
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) expect(statSync(join(path, name)).mode & 0o777, name).toBe(0o600);
  }
});

test('it listens on this machine alone, and its root leads to the try page', async () => {
  expect(await listeningAt()).toEqual([LOOPBACK]);
  const answer = await fetch(issuer, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/try']);
  const page = await agent.open('/try');
  expect(page.html).toContain('alice@example.com');
});

test('alice has every standard claim, of the types that test suites look for', async () => {
  const tokens = await app.signIn(agent, { scope: 'openid profile email address phone' });
  const { sub = '' } = tokens.claims() ?? {};
  const claims = await client.fetchUserInfo(app.configuration, tokens.access_token, sub);
  // OpenID Connect Core section 5.1.
  const texts =
    'name given_name family_name middle_name nickname preferred_username profile picture website email gender birthdate zoneinfo locale phone_number';
  for (const name of texts.split(' ')) expect(claims[name], name).toMatch(/\S/);
  expect(claims).toMatchObject({
    email_verified: true,
    phone_number_verified: true,
    updated_at: expect.any(Number),
    address: { formatted: expect.any(String), country: expect.any(String) },
  });
});

test('the samples work: a person, the browser app on a port of its own, the machine and its API', async () => {
  const tokens = await app.signIn(agent, { resource: 'https://api.example.com' });
  const { sub = '' } = tokens.claims() ?? {};
  const alice = await client.fetchUserInfo(app.configuration, tokens.access_token, sub);
  expect(alice).toMatchObject({
    name: 'Alice Example',
    email_verified: true,
    roles: ['admin', 'editor'],
    updated_at: expect.any(Number),
  });

  const secret = 'latchkey-dev-secret-not-for-production-0002';
  const machine = await client.discovery(new URL(issuer), 'machine', secret, undefined, {
    execute: [client.allowInsecureRequests],
  });
  const own = await client.clientCredentialsGrant(machine, {
    resource: 'https://api.example.com',
    scope: 'read:messages',
  });
  expect(own.scope).toBe('read:messages');
  await expect(client.tokenIntrospection(machine, tokens.access_token)).resolves.toMatchObject({
    active: true,
    sub,
  });
});

test('started again, it keeps accounts, sessions, consent, keys and tokens', async () => {
  const before = await app.signIn(agent);
  const keysBefore = await keySet();
  await stop();
  started = await start(process.execPath, ['latchkey.mjs', 'start', '--config', 'config/dev.yaml']);
  tell('a second start, without npm');
  expect(started.computedMs).toBeGreaterThan(0);
  expect(started.computedMs).toBeLessThan(READY_WITHIN_MS * BUSY_FACTOR);
  // The same process, started anew with what Node takes only as it starts.
  const threads = Math.max(2, availableParallelism());
  expect(readFileSync(`/proc/${started.process.pid}/cmdline`, 'utf8')).toContain(
    '--max-semi-space-size=',
  );
  expect(readFileSync(`/proc/${started.process.pid}/environ`, 'utf8')).toContain(
    `UV_THREADPOOL_SIZE=${threads}`,
  );

  expect(await keySet()).toEqual(keysBefore);
  // Neither a password nor consent is asked for.
  const { url, checks } = await app.request();
  const back = await agent.open(url);
  expect(back.url.origin).toBe(new URL(SPA_CALLBACK).origin);
  const after = await app.redeem({ ...back, checks });
  expect(after.claims()?.sub).toBe(before.claims()?.sub);
  await expect(
    client.refreshTokenGrant(app.configuration, before.refresh_token ?? ''),
  ).resolves.toHaveProperty('access_token');
});
