import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storageConfig } from '../../../src/storage/config.ts';
import { openStorage, type Storage } from '../../../src/storage/open.ts';
import { RecordsUnavailable } from '../../../src/storage/records.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';

describe('opening the storage', () => {
  let place: EmbeddedPlace;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
  });
  afterEach(() => place.close());

  const open = (settings: object): Promise<Storage> =>
    openStorage(storageConfig.parse({ embedded: { file: place.file }, ...settings }), place);

  test('by default state and records share one file, and closing closes both', async () => {
    const { state, records, close } = await open({});
    await records.migrate();
    await state.put('k', 1);
    expect((await state.get('k'))?.value).toBe(1);
    await close();
    await expect(state.get('k')).rejects.toThrow(StateUnavailable);
    await expect(records.write()).rejects.toThrow(RecordsUnavailable);
    // SQLite's own files go when the last connection does.
    expect((await readdir(place.folder)).toSorted()).toEqual([
      'latchkey.sqlite',
      'latchkey.sqlite.reserve',
    ]);
  });

  test('state may be embedded while the records are elsewhere, and not there yet', async () => {
    const url = 'postgres://127.0.0.1:1/latchkey';
    const { state, records, close } = await open({
      records: { engine: 'postgres', postgres: { url } },
    });
    await state.put('k', 1);
    expect((await state.get('k'))?.value).toBe(1);
    await expect(records.migrate()).rejects.toThrow(RecordsUnavailable);
    await close();
  });

  test('records may be embedded while the state is elsewhere, and not there yet', async () => {
    const url = 'redis://127.0.0.1:1/0';
    const { state, records, close } = await open({
      state: { engine: 'redis', redis: { url, commandTimeoutMs: 50, connectTimeoutMs: 50 } },
    });
    await records.migrate();
    await expect(state.get('k')).rejects.toThrow(StateUnavailable);
    await close();
  });
});

describe('one side of the embedded file', () => {
  test('goes on when the other is closed', async () => {
    const place = await createEmbeddedPlace();
    const { state, records } = await place.open();
    await records.migrate();
    await records.close();
    await state.put('k', 1);
    expect((await state.get('k'))?.value).toBe(1);
    await state.close();
    await expect(state.put('k', 2)).rejects.toThrow(StateUnavailable);
    await place.close();
  });
});
