import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storageConfig } from '../../../src/storage/config.ts';
import {
  openStorage,
  openStorageWithCheckpoints,
  type Storage,
} from '../../../src/storage/open.ts';
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

describe('an embedded file that is brought back', () => {
  let place: EmbeddedPlace;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
  });
  afterEach(() => place.close());

  test('holds what it held when it was kept, and those who had it open before are out', async () => {
    const storage = await openStorageWithCheckpoints(
      storageConfig.parse({ embedded: { file: place.file } }),
      place,
    );
    const first = storage.lend();
    await first.records.migrate();
    await first.state.put('kept', 1);
    await first.state.append('log', ['one']);
    await storage.keep('then');
    await first.state.put('kept', 2);
    await first.state.put('later', 1);
    await first.state.append('log', ['two']);
    await first.close();
    await storage.bringBack('then');
    await expect(first.state.get('kept')).rejects.toThrow(StateUnavailable);
    const second = storage.lend();
    expect((await second.state.get('kept'))?.value).toBe(1);
    expect(await second.state.get('later')).toBeUndefined();
    expect(await second.state.append('log', ['again'])).toBe(2);
    await storage.bringBack('then');
    expect((await second.state.readLog('log', 0, 10)).last).toBe(1);
    await storage.forget('then');
    await expect(storage.bringBack('then')).rejects.toThrow('then/');
    expect((await second.state.get('kept'))?.value).toBe(1);
    await second.close();
    await storage.close();
  });

  test('tells other processes that something has changed', async () => {
    const storage = await openStorageWithCheckpoints(
      storageConfig.parse({ embedded: { file: place.file } }),
      place,
    );
    const { state } = await place.open();
    await state.notify('news');
    await storage.keep('then');
    const hear = vi.fn<() => void>();
    await state.subscribe('news', hear);
    await storage.bringBack('then');
    await vi.waitFor(() => expect(hear).toHaveBeenCalled(), 20_000);
    await storage.close();
  });
});
