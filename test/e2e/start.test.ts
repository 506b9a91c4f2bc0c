import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';

const WATCH = new URL('../support/modules-loaded.program.ts', import.meta.url);
/** For what is off, or what few requests ask for; each takes a part of the time that a start has. */
const LATER = [
  '@simplewebauthn/server',
  '@zxcvbn-ts/core',
  '@zxcvbn-ts/language-common',
  'ioredis',
  'nodemailer',
  'openid-client',
  'pg',
  'undici',
];

let folder: string;
let latchkey: Latchkey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-start-'));
  latchkey = await startLatchkey({
    environment: {
      NODE_COMPILE_CACHE: join(folder, 'code'),
      NODE_OPTIONS: `--import ${WATCH.href}`,
      MODULES_LOADED: join(folder, 'modules'),
    },
  });
});

afterAll(async () => {
  await latchkey?.kill();
  await latchkey?.clean();
  await rm(folder, { recursive: true, force: true });
});

test('a start loads no package that it does not need', async () => {
  const modules = (await readFile(join(folder, 'modules'), 'utf8')).split('\n');
  const packages = new Set(
    modules.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]),
  );
  expect(packages).toContain('oidc-provider');
  expect(LATER.filter((name) => packages.has(name))).toEqual([]);
});

test('what a node of the dev profile has compiled is kept while it runs, since tests of apps kill it', async () => {
  await expect
    .poll(() => globSync('code/*/*', { cwd: folder }).length, { interval: 100 })
    .toBeGreaterThan(1000);
});
