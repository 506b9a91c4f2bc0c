import { DatabaseSync } from 'node:sqlite';
import { chmod, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileNotPrivate } from '../../src/runtime/private-files.ts';
import { prepareDatabaseFile } from '../../src/storage/embedded/database-file.ts';
import { EmbeddedFileCorrupt } from '../../src/storage/embedded/faults.ts';
import { StateUnavailable } from '../../src/storage/state.ts';
import { rounds } from '../support/counts.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../support/embedded-file.ts';

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

describe('a damaged embedded file', () => {
  let place: EmbeddedPlace;
  let whole: Buffer;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
    const { state, records, close } = await place.open();
    await records.migrate();
    const entries = Array.from({ length: 200 }, (_, n) => state.put(`key-${n}`, 'x'.repeat(300)));
    await Promise.all(entries);
    await close();
    whole = await readFile(place.file);
  });
  afterEach(() => place.close());

  /** Puts `bytes` in the place of the file and tells how it is received. */
  async function received(bytes: Uint8Array, checkedBytesMax?: number): Promise<unknown> {
    await writeFile(place.file, bytes);
    try {
      prepareDatabaseFile(place.file, checkedBytesMax);
      return 'accepted';
    } catch (error) {
      expect(await readFile(place.file)).toEqual(Buffer.from(bytes));
      return error;
    }
  }

  test('the whole file is accepted, again and again', async () => {
    expect(await received(whole)).toBe('accepted');
    expect(await received(whole)).toBe('accepted');
  });

  test('a file that was cut is refused, wherever it was cut, and not touched', async () => {
    const step = SECTOR_BYTES * rounds(5, 1);
    for (let bytes = 0; bytes < whole.length; bytes += step) {
      const error = await received(whole.subarray(0, bytes));
      expect(error, `cut at ${bytes}`).toBeInstanceOf(EmbeddedFileCorrupt);
    }
  });

  test('a file too large to be read through is still refused when it was cut', async () => {
    expect(await received(whole, PAGE_BYTES)).toBe('accepted');
    const cut = whole.subarray(0, whole.length - PAGE_BYTES);
    expect(await received(cut, PAGE_BYTES)).toBeInstanceOf(EmbeddedFileCorrupt);
  });

  test('a page that was wiped is found, whichever it is', async () => {
    for (let page = 0; page < whole.length; page += PAGE_BYTES) {
      const wiped = Buffer.from(whole).fill(0, page, page + PAGE_BYTES);
      const error = await received(wiped);
      expect(error, `page at ${page}`).toBeInstanceOf(EmbeddedFileCorrupt);
    }
  });

  test.each([
    ['text', () => Buffer.from('this is not a database\n'.repeat(999))],
    ['nothing at all', () => Buffer.alloc(0)],
    ['zeros', () => Buffer.alloc(PAGE_BYTES * 4)],
  ])('a file of %s is refused', async (_, bytes) => {
    expect(await received(bytes())).toBeInstanceOf(EmbeddedFileCorrupt);
  });

  test('a database of another program is refused', async () => {
    const other = `${place.file}.other`;
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE a (b)');
    database.close();
    expect(await received(await readFile(other))).toMatchObject({
      code: 'ERR_EMBEDDED_FILE_CORRUPT',
      message: expect.stringContaining('not a file of Latchkey'),
    });
  });

  test('the refusal names the file and the back-up beside it', async () => {
    await writeFile(`${place.file}.backup`, whole);
    await utimes(`${place.file}.backup`, 1_800_000_000, 1_800_000_000);
    await writeFile(place.file, whole.subarray(0, PAGE_BYTES));
    await expect(place.open()).rejects.toMatchObject({
      code: 'ERR_EMBEDDED_FILE_CORRUPT',
      message: expect.stringMatching(
        /latchkey\.sqlite is damaged.*latchkey\.sqlite\.backup of 2027-01-15/u,
      ),
    });
  });

  test('the refusal says so when there is no back-up', async () => {
    await writeFile(place.file, whole.subarray(0, PAGE_BYTES));
    await expect(place.open()).rejects.toThrow('There is no back-up beside it');
  });

  test.each(['.backup', '.reserve', '-wal'])(
    'a file that has vanished is not made anew while its %s is there',
    async (suffix) => {
      for (const name of await readdir(place.folder)) await rm(join(place.folder, name));
      await writeFile(`${place.file}${suffix}`, whole);
      const before = await readdir(place.folder);
      await expect(place.open()).rejects.toThrow(EmbeddedFileCorrupt);
      expect(await readdir(place.folder)).toEqual(before);
    },
  );

  test.each([0o644, 0o640, 0o606, 0o666])('mode %o is refused with the fix', async (mode) => {
    await chmod(place.file, mode);
    const refused = place.open();
    await expect(refused).rejects.toThrow(FileNotPrivate);
    await expect(refused).rejects.toThrow(`chmod 600 ${place.file}`);
  });

  test('damage that comes while the file is open answers nothing, and shows in health', async () => {
    const { state } = await place.open();
    const handle = await open(place.file, 'r+');
    await handle.write(Buffer.alloc(whole.length - PAGE_BYTES, 0xa5), 0, undefined, PAGE_BYTES);
    await handle.close();
    await expect(state.get('key-1')).rejects.toThrow(StateUnavailable);
    expect(await state.health()).toMatchObject({ ok: false });
    expect(place.logger.events()).toEqual(['storage.damaged']);
  });
});

describe('a new embedded file', () => {
  test('is for its owner alone, with all that is beside it', async () => {
    const place = await createEmbeddedPlace();
    const { state } = await place.open();
    await state.put('k', 1);
    const modes = await Promise.all(
      (await readdir(place.folder)).map(async (name) => {
        const { mode } = await stat(`${place.folder}/${name}`);
        return [name, (mode & 0o777).toString(8)];
      }),
    );
    expect(Object.fromEntries(modes)).toEqual({
      'latchkey.sqlite': '600',
      'latchkey.sqlite-shm': '600',
      'latchkey.sqlite-wal': '600',
      'latchkey.sqlite.reserve': '600',
    });
    await place.close();
  });
});
