import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSecret } from '../../../src/config/secrets.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-secrets-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function fileOf(content: string, mode = 0o600): Promise<{ readonly file: string }> {
  const file = join(folder, `secret-${Math.random()}`);
  await writeFile(file, content);
  await chmod(file, mode);
  return { file };
}

test.each([
  ['s3cret', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  ['s3cret\n\n', 's3cret\n'],
  [' s3cret ', ' s3cret '],
])('a secret file loses one newline at its end and nothing else: %j', async (content, secret) => {
  expect(await readSecret(await fileOf(content))).toBe(secret);
});

test('a secret comes from the environment', async () => {
  expect(await readSecret({ env: 'PW' }, { PW: 's3cret' })).toBe('s3cret');
});

test.each([0o644, 0o604, 0o602, 0o666])(
  'a file of mode %o is refused: everyone may read or change it',
  async (mode) => {
    await expect(readSecret(await fileOf('s3cret', mode))).rejects.toThrow(
      /by everyone: chmod 600/,
    );
  },
);

test('a file that its group may read is accepted', async () => {
  expect(await readSecret(await fileOf('s3cret', 0o640))).toBe('s3cret');
});

test.each([{ PW: '' }, {}])(
  'a variable that is empty or missing is refused: %o',
  async (environment) => {
    await expect(readSecret({ env: 'PW' }, environment)).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'the environment variable PW is not set: set it to the secret',
    });
  },
);

test('an empty file is refused', async () => {
  await expect(readSecret(await fileOf('\n'))).rejects.toThrow(/is empty/);
});

test('a missing file is refused by its name', async () => {
  const file = join(folder, 'nowhere');
  await expect(readSecret({ file })).rejects.toThrow(`cannot read the secret file ${file}: ENOENT`);
});

test('a folder, a device without end and a pipe without a writer are refused at once', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', pipe]);
  for (const file of [folder, '/dev/zero', pipe]) {
    await expect(readSecret({ file })).rejects.toThrow('not a file of at most 64 KB');
  }
});
