import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DCLinter } from 'dclint';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSecret } from '../../src/config/secrets.ts';
import { SECRET_BITS_MIN, strengthBits } from '../../src/config/secret-strength.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAKE_SECRETS = join(ROOT, 'config/compose/make-secrets.mjs');
/** Of dclint's rules those about the order of keys are matters of taste, and `build` beside `image` is meant. */
const TASTE = [
  'no-build-and-image',
  'service-dependencies-alphabetical-order',
  'service-keys-order',
  'services-alphabetical-order',
  'top-level-properties-order',
];

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

let compose: Compose;
let folder: string;

beforeAll(async () => {
  const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
  compose = parse(text, { merge: true }) as Compose;
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-compose-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** As the container does it, but for users of this machine. */
async function makeSecrets(): Promise<void> {
  const mine = [process.getuid?.(), process.getgid?.()].map(String);
  await run(process.execPath, [MAKE_SECRETS, folder, ...mine]);
}

test('the compose file keeps to its schema and to the rules of dclint', () => {
  const rules = Object.fromEntries(TASTE.map((name) => [name, 0 as const]));
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  const [result] = linter.lintFiles([join(ROOT, 'docker-compose.yml')], false);
  expect(result?.messages).toEqual([]);
});

test('no service runs as root but the one that gives each secret to its reader', () => {
  const roots = Object.entries(compose.services).filter(([, { user }]) => user === 'root');
  expect(roots.map(([name]) => name)).toEqual(['secrets']);
  expect(compose.services).toMatchObject({
    'latchkey-1': { user: 'node', read_only: true },
    'latchkey-2': { user: 'node', read_only: true },
    redis: { user: 'redis', read_only: true },
    postgres: { user: 'postgres' },
  });
});

test('every service gives up all capabilities, and is reached from this machine alone', () => {
  for (const { cap_drop: dropped, ports = [] } of Object.values(compose.services)) {
    expect(dropped).toEqual(['ALL']);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test('every image is pinned by a tag', () => {
  for (const { image } of Object.values(compose.services))
    expect(image).toMatch(/:(?!latest)[\w.-]+$/);
});

test('every file that is mounted is there, and every volume is declared', async () => {
  for (const { volumes = [] } of Object.values(compose.services)) {
    for (const [source = ''] of volumes.map((mount) => mount.split(':'))) {
      if (source.startsWith('.')) await stat(join(ROOT, source));
      else expect(compose.volumes).toHaveProperty(source);
    }
  }
});

test('Redis keeps its log and never evicts', async () => {
  const lines = (await readFile(join(ROOT, 'config/compose/redis.conf'), 'utf8')).split('\n');
  expect(lines).toContain('appendonly yes');
  expect(lines).toContain('maxmemory-policy noeviction');
});

test('secrets are made strong, each for its reader alone, and a second start leaves them as they are', async () => {
  await makeSecrets();
  const names = ['nodes/redis-password', 'nodes/postgres-password', 'nodes/master-key'];
  const read = (): Promise<readonly string[]> =>
    Promise.all(names.map((name) => readSecret({ file: join(folder, name) })));
  const first = await read();
  for (const secret of first) expect(strengthBits(secret)).toBeGreaterThanOrEqual(SECRET_BITS_MIN);
  expect(new Set(first).size).toBe(3);
  await makeSecrets();
  expect(await read()).toEqual(first);
  for (const name of [...names, 'redis/password.conf', 'postgres/password']) {
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o400);
    expect((await stat(join(folder, name, '..'))).mode & 0o777).toBe(0o500);
  }
});

test('what the servers are given is what the nodes say, also when a start was cut in the middle', async () => {
  await makeSecrets();
  await rm(join(folder, 'redis'), { recursive: true });
  await rm(join(folder, 'postgres'), { recursive: true });
  await makeSecrets();
  const text = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');
  expect(await text('redis/password.conf')).toBe(
    `requirepass ${await text('nodes/redis-password')}\n`,
  );
  expect(await text('postgres/password')).toBe(await text('nodes/postgres-password'));
});
