import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPrivateFile, writePrivateFile } from '../../../src/runtime/private-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a private file is its owner’s alone, in a folder that is its owner’s alone', async () => {
  const path = join(folder, 'keys', 'master.key');
  await writePrivateFile(path, 'secret');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
  expect(String(await readPrivateFile(path))).toBe('secret');
});

test('a file is replaced as a whole and nothing is left beside it', async () => {
  const path = join(folder, 'ring.json');
  await Promise.all(Array.from({ length: 8 }, (_, n) => writePrivateFile(path, `${n}`.repeat(99))));
  expect(String(await readPrivateFile(path))).toMatch(/^(?<digit>\d)\k<digit>{98}$/u);
  expect(await readdir(folder)).toEqual(['ring.json']);
});

test('a file that others can read is refused with the command that mends it', async () => {
  const path = join(folder, 'master.key');
  await writePrivateFile(path, 'secret');
  await chmod(path, 0o644);
  await expect(readPrivateFile(path)).rejects.toMatchObject({
    code: 'ERR_FILE_NOT_PRIVATE',
    message: expect.stringContaining(`chmod 600 ${path}`),
  });
});

test('a file that is not there is no error', async () => {
  expect(await readPrivateFile(join(folder, 'none'))).toBeUndefined();
});
