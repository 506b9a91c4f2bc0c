import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareDatabaseFile } from '../../src/storage/embedded/database-file.ts';
import { createEmbeddedRecords } from '../../src/storage/embedded/embedded-records.ts';
import { createEmbeddedState } from '../../src/storage/embedded/embedded-state.ts';
import { createNotices } from '../../src/storage/embedded/notices.ts';
import { openReader, type Reader } from '../../src/storage/embedded/reader.ts';
import { openWriter, startWriterThread, type Writer } from '../../src/storage/embedded/writer.ts';
import { RecordsUnavailable, type Records } from '../../src/storage/records.ts';
import { StateUnavailable, type State } from '../../src/storage/state.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../support/embedded-file.ts';

describe('the writer', () => {
  let place: EmbeddedPlace;
  let threads: Worker[];
  let writer: Writer;
  let reader: Reader;
  let state: State;
  let records: Records;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
    const { file, clock, logger } = place;
    threads = [];
    prepareDatabaseFile(file);
    reader = openReader(file, logger);
    writer = await openWriter({
      logger,
      start: () => {
        const thread = startWriterThread(file);
        threads.push(thread);
        return thread;
      },
    });
    const health = (): { ok: boolean; remarks: string[] } => ({ ok: true, remarks: [] });
    const release = async (): Promise<void> => undefined;
    const notices = createNotices(reader, logger);
    state = createEmbeddedState({ reader, writer, notices, clock, health, release });
    records = createEmbeddedRecords({ file, reader, writer, health, release });
    await records.migrate();
  });
  afterEach(async () => {
    await writer.close();
    reader.close();
    await place.close();
  });

  const backAgain = (): Promise<void> =>
    expect.poll(() => place.logger.events()).toContain('storage.writer_back');
  const kill = (): Promise<number> | undefined => threads.at(-1)?.terminate();

  test('that dies leaves no caller waiting, and none with a false answer', async () => {
    const insert = records.queries.insertInto('installation').values({ name: 'n', value: '1' });
    const pending = Promise.allSettled([state.put('a', 1), state.delete('b')]);
    const writing = records.write(insert).catch((error: unknown) => error);
    await Promise.resolve();
    await kill();
    for (const outcome of await pending) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StateUnavailable);
      else expect((await state.get('a'))?.value).toBe(1);
    }
    const written = await writing;
    if (!Array.isArray(written)) expect(written).toBeInstanceOf(RecordsUnavailable);
  });

  test('that dies is started again and goes on, and the log says so', async () => {
    await state.put('before', 1);
    await kill();
    await backAgain();
    await state.put('after', 2);
    expect((await state.getMany(['before', 'after'])).map((entry) => entry?.value)).toEqual([1, 2]);
    expect(place.logger.events()).toEqual(['storage.writer_died', 'storage.writer_back']);
  });

  test('that dies twice in a row stays dead: writes are refused at once, reads go on', async () => {
    await state.put('before', 1);
    await kill();
    await backAgain();
    await kill();
    await expect.poll(() => writer.health().alive).toBe(false);
    await expect(state.put('after', 2)).rejects.toThrow(StateUnavailable);
    expect((await state.get('before'))?.value).toBe(1);
    expect(threads).toHaveLength(2);
  });

  test('that finds the file held by another process refuses what waits, and then goes on', async () => {
    const holder = new DatabaseSync(place.file);
    holder.exec('BEGIN IMMEDIATE');
    await expect(state.put('a', 1)).rejects.toThrow(StateUnavailable);
    holder.exec('ROLLBACK');
    holder.close();
    await state.put('a', 2);
    expect((await state.get('a'))?.value).toBe(2);
  });

  test('answers what was asked with a wrong statement as our own bug, and the rest as ever', async () => {
    const wrong = records.queries
      .insertInto('installation')
      .values({ name: 'n', value: null as unknown as string });
    const right = records.queries.insertInto('installation').values({ name: 'm', value: '1' });
    const outcomes = await Promise.allSettled([records.write(wrong), records.write(right)]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: expect.any(TypeError) },
      { status: 'fulfilled' },
    ]);
  });
});

test('a writer that cannot open its file is reported, not started again', async () => {
  const place = await createEmbeddedPlace();
  const { logger } = place;
  const opening = openWriter({ logger, start: () => startWriterThread(`${place.folder}/no/file`) });
  await expect(opening).rejects.toMatchObject({ fault: 'lost' });
  expect(logger.events()).toEqual([]);
  await place.close();
});
