import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { effectiveConfig } from '../../src/config/effective-config.ts';
import { judgeSafety } from '../../src/config/insecure.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { settingsOf, treeOf } from '../../src/config/schema-tree.ts';
import { isSampleSecret } from '../../src/config/secret-strength.ts';
import { variablesOf } from '../../src/config/variables.ts';
import { settingsSchema } from '../../src/settings.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

test('example, schema and documentation are what the settings make of them', async () => {
  const { stderr } = await run(process.execPath, ['.ci/generate.mjs', '--check'], { cwd: ROOT });
  expect(stderr).toBe('');
});

test('the example is valid as it stands, and is every default', async () => {
  const example = readConfig('example', await text('config/latchkey.example.yaml'), settingsSchema);
  expect(example).toEqual(readConfig('empty', '', settingsSchema));
});

test('every setting has a default or may be left out, and says what it means', () => {
  const silent = settingsOf(treeOf(settingsSchema)).filter(({ node }) => !node.description);
  expect(silent.map(({ path }) => path.join('.'))).toEqual([]);
  expect(settingsSchema.safeParse({}).success).toBe(true);
});

test('no two settings share a variable', () => {
  expect(variablesOf(treeOf(settingsSchema)).size).toBeGreaterThan(50);
});

test('of the samples in dev.yaml, `check` shows no password and no secret', async () => {
  const settings = readConfig('dev.yaml', await text('config/dev.yaml'), settingsSchema);
  const shown = JSON.stringify(effectiveConfig(settings, settingsSchema));
  expect(shown).toContain('alice@example.com');
  expect(shown).not.toContain('latchkey-dev');
});

test('the samples of dev.yaml are known as such, and do not start in production', async () => {
  const dev = readConfig('dev.yaml', await text('config/dev.yaml'), settingsSchema);
  const samples = [
    ...dev.people.map(({ password }) => password ?? ''),
    ...dev.clients.flatMap(({ secretInClear }) => secretInClear ?? []),
  ];
  expect(samples.filter((one) => !isSampleSecret(one))).toEqual([]);
  const { refusals } = judgeSafety({ ...dev, profile: 'production' }, { secrets: [], files: [] });
  expect(refusals).toHaveLength(samples.length);
  expect(judgeSafety(dev, { secrets: [], files: [] })).toEqual({ refusals: [], warnings: [] });
});

test.each(['config/dev.yaml', 'config/compose/latchkey.yaml'])('%s is valid', async (path) => {
  expect(readConfig(path, await text(path), settingsSchema)).toMatchObject({
    issuer: parse(await text(path)).issuer,
  });
});
