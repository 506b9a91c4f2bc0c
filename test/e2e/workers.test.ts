import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { coresOfProcess } from '../../src/runtime/cores.ts';
import { type Latchkey, startLatchkey } from '../support/latchkey.ts';
import { freePair } from '../support/ports.ts';
import { PATIENT_REDIS, startRedis, type TestRedis } from '../support/redis.ts';

const SECRET = 'a-secret-of-the-test-with-32-characters-or-more';
const BASIC = `Basic ${Buffer.from(`machine:${SECRET}`).toString('base64')}`;
const API = 'https://api.example.com';
const FORM = 'application/x-www-form-urlencoded';
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const engines = [
  ['embedded', () => ({})],
  ['Redis', () => ({ state: { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } } })],
] as const;

describe.each(engines)('two workers behind one socket on %s', (_, state) => {
  let folder: string;
  let metricsPort: number;
  let latchkey: Latchkey;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
    await writeFile(join(folder, 'secret'), SECRET, { mode: 0o600 });
    metricsPort = await freePair();
    latchkey = await startLatchkey({
      folder,
      words: ['--workers', '2'],
      settings: {
        profile: 'production',
        people: [],
        audit: { node: 'here' },
        http: { metrics: { enabled: true, port: metricsPort } },
        storage: state(),
        apis: [{ identifier: API, name: 'API', scopes: { read: 'Read' } }],
        clients: [
          {
            id: 'machine',
            type: 'machine',
            secret: { file: join(folder, 'secret') },
            introspects: [API],
          },
        ],
      },
    });
    await vi.waitUntil(async () => (await readyWorkers()) === 2, { timeout: 60_000 });
  });
  afterAll(async () => {
    await latchkey.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function readyWorkers(): Promise<number> {
    const ports = [metricsPort, metricsPort + 1];
    const answers = await Promise.all(
      ports.map((port) => request(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)),
    );
    for (const answer of answers) await answer?.body.dump();
    return answers.filter((answer) => answer?.statusCode === 200).length;
  }

  async function post(path: string, form: Readonly<Record<string, string>>): Promise<unknown> {
    // A connection of its own: each goes to the next worker.
    const { statusCode, body } = await request(`${latchkey.issuer}${path}`, {
      method: 'POST',
      headers: { authorization: BASIC, connection: 'close', 'content-type': FORM },
      body: new URLSearchParams(form).toString(),
      reset: true,
    });
    const text = await body.text();
    expect(statusCode, text).toBe(200);
    return text === '' ? undefined : JSON.parse(text);
  }

  async function token(): Promise<string> {
    const answer = await post('/token', { grant_type: 'client_credentials', resource: API });
    return (answer as { access_token: string }).access_token;
  }

  /** Tokens issued, by worker. */
  async function issued(): Promise<readonly number[]> {
    return Promise.all(
      [metricsPort, metricsPort + 1].map(async (port) => {
        const text = await (await request(`http://127.0.0.1:${port}/metrics`)).body.text();
        return Number(/^latchkey_tokens_issued_total\{.*\} (\d+)$/mu.exec(text)?.[1] ?? 0);
      }),
    );
  }

  test('share the work, and what one takes back both refuse', async () => {
    for (let round = 0; round < 8; round += 1) await token();
    for (const count of await issued()) expect(count).toBeGreaterThan(0);
    const share = Math.max(2, Math.floor(availableParallelism() / 2));
    for (const worker of workersOf(latchkey.process.pid ?? 0))
      // libuv starts all of its threads with the first that it needs.
      expect(threadsOf(worker, 'libuv-worker')).toHaveLength(share);
    const taken = await token();
    await post('/revoke', { token: taken });
    await expect
      .poll(async () => {
        const answers = await Promise.all(
          Array.from({ length: 4 }, () => post('/introspect', { token: taken })),
        );
        return answers.every((answer) => !(answer as { active: boolean }).active);
      })
      .toBe(true);
  });

  test('one that is killed is followed by another, and the other goes on meanwhile', async () => {
    const [first = 0] = workersOf(latchkey.process.pid ?? 0);
    process.kill(first, 'SIGKILL');
    await expect.poll(() => workersOf(latchkey.process.pid ?? 0)).not.toContain(first);
    for (let round = 0; round < 6; round += 1) await token();
    await expect.poll(readyWorkers).toBe(2);
    await expect.poll(() => latchkey.output()).toContain('worker.ended');
  });

  test('end together when they are told to, and each has left a whole chain in the audit', async () => {
    // One was killed with what it had to write: the one that followed it has something to tell, too.
    for (let round = 0; round < 8; round += 1) await token();
    for (const count of await issued()) expect(count).toBeGreaterThan(0);
    expect(await latchkey.stop()).toBe(0);
    const words = [COMMAND, 'audit', 'verify', '--config', latchkey.configFile];
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder });
    expect(stdout).toMatch(/here\.1[\s\S]*here\.2/u);
  });
});

function workersOf(parent: number): readonly number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

/** The cores of a thread, as the kernel lists them. */
function coresOf(process: number, thread = process): string {
  const status = readFileSync(`/proc/${process}/task/${thread}/status`, 'utf8');
  return /^Cpus_allowed_list:\s*(\S+)$/mu.exec(status)?.[1] ?? '';
}

function threadsOf(process: number, name: string): readonly number[] {
  const threads = readdirSync(`/proc/${process}/task`).map(Number);
  return threads.filter(
    (thread) => readFileSync(`/proc/${process}/task/${thread}/comm`, 'utf8').trim() === name,
  );
}

describe('as many workers as cores', () => {
  const [first = 0, second] = coresOfProcess();
  const cores = second === undefined ? [first] : [first, second];

  async function startTwo(...words: readonly string[]): Promise<Latchkey> {
    return await startLatchkey({
      prefix: ['taskset', '-c', cores.join(',')],
      words: ['--workers', '2', ...words],
      settings: {
        profile: 'production',
        people: [],
        clients: [],
        log: { level: 'info' },
        http: { metrics: { enabled: true, port: await freePair() } },
      },
    });
  }

  /** How often it was logged. */
  const count = (latchkey: Latchkey, event: string): number =>
    latchkey.output().split(`"${event}"`).length - 1;

  /** Of the first thread of each. */
  const mainCores = (latchkey: Latchkey): readonly string[] =>
    workersOf(latchkey.process.pid ?? 0).map((worker) => coresOf(worker));

  test('have a core each for their main threads, and all cores for the others', async () => {
    const latchkey = await startTwo();
    try {
      // Where there is but one core, two workers share it.
      const own = cores.length === 2 ? cores.map(String) : [`${first}`, `${first}`];
      await expect.poll(() => count(latchkey, 'node.started')).toBe(2);
      await expect.poll(() => count(latchkey, 'worker.pinned')).toBe(cores.length === 2 ? 2 : 0);
      expect(mainCores(latchkey).toSorted()).toEqual(own.toSorted());
      const all = coresOf(latchkey.process.pid ?? 0);
      for (const worker of workersOf(latchkey.process.pid ?? 0))
        for (const name of ['libuv-worker', 'latchkey-writer']) {
          const threads = threadsOf(worker, name);
          expect(threads.length, name).toBeGreaterThan(0);
          for (const thread of threads) expect(coresOf(worker, thread)).toBe(all);
        }
    } finally {
      await latchkey.stop();
      await latchkey.clean();
    }
  });

  test('are left to the scheduler when told so', async () => {
    const latchkey = await startTwo('--no-pin');
    try {
      await expect.poll(() => count(latchkey, 'node.started')).toBe(2);
      const all = coresOf(latchkey.process.pid ?? 0);
      expect(mainCores(latchkey)).toEqual([all, all]);
      expect(latchkey.output()).not.toContain('worker.pinned');
    } finally {
      await latchkey.stop();
      await latchkey.clean();
    }
  });
});

test('the dev profile runs in one process, and says so', async () => {
  const latchkey = await startLatchkey({ words: ['--workers', '2'], dontWait: true });
  try {
    expect(await latchkey.ended).toBe(1);
    expect(latchkey.output()).toContain('ERR_NO_WORKERS: the dev profile runs in one process');
  } finally {
    await latchkey.clean();
  }
});
