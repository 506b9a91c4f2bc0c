import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { gatherFacts } from '../../../src/config/facts.ts';
import { privateFilesOf } from '../../../src/config/private-files.ts';
import { givenSecret, secret } from '../../../src/config/values.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-facts-'));
});

afterAll(() => rm(folder, { recursive: true }));

const schema = z.strictObject({
  redis: z.strictObject({ password: secret().optional() }).prefault({}),
  embedded: z.strictObject({ file: z.string() }).prefault({ file: 'data/x' }),
  others: z.array(secret()).default([]),
  clients: z.array(z.strictObject({ secret: secret() })).default([]),
});

test('every secret is looked at, wherever it stands, and what only looks like one is not', async () => {
  const settings = schema.parse({
    redis: { password: { env: 'REDIS' } },
    others: [{ env: 'OTHER' }],
    clients: [{ secret: { file: join(folder, 'nowhere') } }],
  });
  const environment = { REDIS: 'changeme', OTHER: 'kPq3vX0bT8yZr5mWfJ7nLa' };
  const { secrets } = await gatherFacts({ settings, schema, privateFiles: [], environment });
  expect(secrets).toEqual([
    { setting: 'redis.password', place: 'REDIS', fault: undefined, bits: 38, isSample: true },
    { setting: 'others[0]', place: 'OTHER', fault: undefined, bits: 132, isSample: false },
    expect.objectContaining({
      setting: 'clients[0].secret',
      bits: 0,
      fault: expect.stringContaining('ENOENT'),
    }),
  ]);
});

test('a secret that someone else chose is looked at, and its strength is not judged', async () => {
  const given = z.strictObject({ password: givenSecret().optional() });
  const settings = given.parse({ password: { env: 'SMTP' } });
  const look = { settings, schema: given, privateFiles: [] };
  const found = await gatherFacts({ ...look, environment: { SMTP: 'short' } });
  expect(found.secrets).toMatchObject([{ setting: 'password', bits: Infinity, fault: undefined }]);
  const missing = await gatherFacts({ ...look, environment: {} });
  expect(missing.secrets[0]?.fault).toContain('SMTP');
});

test('what is known of a secret does not say what it is', async () => {
  const settings = schema.parse({ redis: { password: { env: 'REDIS' } } });
  const environment = { REDIS: 'kPq3vX0bT8yZr5mWfJ7nLa' };
  const facts = await gatherFacts({ settings, schema, privateFiles: [], environment });
  expect(JSON.stringify(facts)).not.toContain('kPq3');
});

test('files tell their mode, missing ones nothing', async () => {
  const path = join(folder, 'tls.key');
  await writeFile(path, 'x');
  await chmod(path, 0o644);
  const privateFiles = [
    { setting: 'a', path },
    { setting: 'b', path: join(folder, 'nowhere') },
  ];
  const { files } = await gatherFacts({ settings: {}, schema, privateFiles });
  expect(files).toEqual([
    { setting: 'a', path, mode: 0o644 },
    { setting: 'b', path: join(folder, 'nowhere'), mode: undefined },
  ]);
});

test('only the files in use are looked at', () => {
  const settings = {
    http: { tls: { from: 'off', keyFile: 'tls.key' } },
    signingKeys: { folder: 'keys', masterKey: { env: 'MASTER' } },
    storage: {
      state: { engine: 'redis' },
      records: { engine: 'postgres' },
      embedded: { file: 'data/x' },
    },
  };
  expect(privateFilesOf(settings)).toEqual([]);
  expect(
    privateFilesOf({
      http: { tls: { from: 'files', keyFile: 'tls.key' } },
      signingKeys: { folder: 'keys' },
      storage: { ...settings.storage, state: { engine: 'embedded' } },
    }).map(({ path }) => path),
  ).toEqual(['data/x', 'tls.key', join('keys', 'master.key')]);
});
