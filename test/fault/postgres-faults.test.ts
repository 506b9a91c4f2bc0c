import type { Compilable } from 'kysely';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
} from 'vitest';
import { openPostgresRecords } from '../../src/storage/postgres/open-postgres-records.ts';
import { RecordsUnavailable, type Records } from '../../src/storage/records.ts';
import { postgresSettings, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const TIMEOUT_MS = 600;
const SLACK_MS = 900;

let postgres: TestPostgres;
let wire: TcpProxy;
let records: Records;
let direct: Records;
const { logger } = createRecordingLogger();

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

beforeEach(async () => {
  wire = await startTcpProxy({ port: postgres.port });
  const url = await postgres.createDatabase();
  direct = await openPostgresRecords(postgresSettings(url), { logger });
  await direct.migrate();
  records = await openThrough(url);
});

afterEach(async () => {
  await Promise.all([records.close(), direct.close()]);
  await wire.close();
});

function openThrough(url: string): Promise<Records> {
  const behindWire = new URL(url);
  behindWire.port = String(wire.port);
  const limits = { connectTimeoutMs: TIMEOUT_MS, statementTimeoutMs: TIMEOUT_MS };
  return openPostgresRecords(postgresSettings(behindWire.href, limits), { logger });
}

const note = (name: string, value = '0'): Compilable =>
  direct.queries.insertInto('installation').values({ name, value });
const notes = (): Compilable<{ name: string }> =>
  direct.queries.selectFrom('installation').select('name').orderBy('name');

async function timed(act: () => Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  const startedAt = performance.now();
  const error = await act().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { ms: performance.now() - startedAt, error };
}

describe('a connection that goes', () => {
  test('in the middle of a batch leaves nothing of it, and the next batch gets through', async () => {
    await records.write(note('before'));
    const happened = wire.dropNextReply('second-of-batch');
    const writing = records.write(note('first-of-batch'), note('second-of-batch'), note('third'));
    await expect(writing).rejects.toThrow(RecordsUnavailable);
    await happened;
    expect(await direct.all(notes())).toEqual([{ name: 'before' }]);
    await records.write(note('after-1'), note('after-2'));
    expect(await records.all(notes())).toHaveLength(3);
  });

  test('after COMMIT was sent leaves all of the batch, though nobody was told', async () => {
    const happened = wire.dropNextReply('COMMIT');
    await expect(records.write(note('a'), note('b'))).rejects.toThrow(RecordsUnavailable);
    await happened;
    expect(await direct.all(notes())).toEqual([{ name: 'a' }, { name: 'b' }]);
  });

  test('while a read waits is made good by reading again', async () => {
    await records.write(note('a'));
    const happened = wire.dropNextReply('select "name"');
    expect(await records.all(notes())).toEqual([{ name: 'a' }]);
    await happened;
  });

  test('while nobody uses it is not noticed by anyone', async () => {
    await records.write(note('a'));
    wire.cut();
    await expect.poll(() => records.all(notes())).toHaveLength(1);
    await records.write(note('b'));
  });
});

describe('a PostgreSQL that gives no answer', () => {
  test('is refused within the time set, for reads, batches and health', async () => {
    await records.write(note('a'));
    wire.blackHole();
    const outcomes = await Promise.all([
      timed(() => records.all(notes())),
      timed(() => records.write(note('b'))),
      timed(() => records.write(note('c'), note('d'))),
    ]);
    for (const { ms, error } of outcomes) {
      expect(error).toBeInstanceOf(RecordsUnavailable);
      expect(ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS);
    }
    expect((await records.health()).ok).toBe(false);
    await wire.heal();
    await expect.poll(() => records.all(notes()).catch(() => [])).toHaveLength(1);
  });

  test('but comes late by half the time set is waited for', async () => {
    wire.delay(TIMEOUT_MS / 2);
    await records.write(note('a'), note('b'));
    expect(await records.all(notes())).toHaveLength(2);
  });
});

describe('a PostgreSQL that is not there', () => {
  test('at the start is waited for by nobody, and used once it comes', async () => {
    await wire.refuse();
    const { ms, error } = await timed(() => records.migrate());
    expect(error).toBeInstanceOf(RecordsUnavailable);
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(await records.health()).toMatchObject({ ok: false });
    await wire.heal();
    await records.migrate();
    await records.write(note('a'));
    expect(await records.health()).toMatchObject({ ok: true });
  });

  test('after a crash comes back with every write it had acknowledged', async () => {
    const acknowledged: string[] = [];
    const crashing = (async () => {
      while (acknowledged.length < 40) await new Promise(setImmediate);
      await postgres.kill();
    })();
    for (let n = 0; ; n += 1) {
      const name = `n${String(n).padStart(4, '0')}`;
      const { error } = await timed(() => records.write(note(name), note(`${name}-twin`)));
      if (error !== undefined) {
        expect(error).toBeInstanceOf(RecordsUnavailable);
        break;
      }
      acknowledged.push(name, `${name}-twin`);
    }
    await crashing;
    await postgres.restart();
    const held = (await records.all(notes())).map(({ name }) => name);
    expect(held.filter((name) => acknowledged.includes(name))).toEqual(acknowledged);
    expect(held.length % 2).toBe(0);
  });
});

describe('TLS', () => {
  test('is spoken, and only with a server that the authority vouches for by its name', async () => {
    const secure = await startPostgres({ tls: true });
    onTestFinished(() => secure.stop());
    const named = secure.url.replace('127.0.0.1', 'localhost');
    const open = async (url: string, tlsCa?: string): Promise<Records> => {
      const opened = await openPostgresRecords(postgresSettings(url, { tls: true, tlsCa }), {
        logger,
      });
      onTestFinished(() => opened.close());
      return opened;
    };
    const vouched = await open(named, secure.certificate);
    expect((await vouched.health()).ok).toBe(true);
    for (const wrong of [
      await open(named),
      await open(secure.url, secure.certificate),
      await open(postgres.url.replace('127.0.0.1', 'localhost'), secure.certificate),
    ]) {
      await expect(wrong.migrate()).rejects.toThrow(RecordsUnavailable);
    }
  });
});

describe('an operator reads', () => {
  test('which setting is wrong when the credentials are refused, and no password', async () => {
    const url = await postgres.createDatabase();
    const stranger = await openPostgresRecords(
      postgresSettings(url.replace('latchkey@', 'nobody@')),
      {
        logger,
      },
    );
    const { error } = await timed(() => stranger.migrate());
    expect(error).toBeInstanceOf(RecordsUnavailable);
    expect(String(error)).toContain('storage.records.postgres.username');
    await stranger.close();
  });

  test('that a power failure would cost the records when fsync is off', async () => {
    expect((await records.health()).remarks).toEqual([expect.stringContaining('fsync')]);
  });
});
