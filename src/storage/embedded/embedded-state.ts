import type { Clock } from '../../runtime/clock.ts';
import { randomId } from '../../runtime/random.ts';
import { StateFull, StateUnavailable, type State, type StateHealth } from '../state.ts';
import { EngineFailure } from './faults.ts';
import { checkKey, encodeValue } from './limits.ts';
import type { Notices } from './notices.ts';
import type { Operation } from './operation.ts';
import type { Reader } from './reader.ts';
import { createStateReads } from './state-reads.ts';
import type { Writer } from './writer.ts';

/** What state is made of. */
export interface EmbeddedStateOptions {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly health: () => StateHealth;
  /** Lets go of the file. */
  readonly release: () => Promise<void>;
}

type Verbs<Name extends keyof State> = Pick<State, Name>;

/** What every verb leans on: reads at once, writes through the writer, faults in the contract's words. */
interface Door {
  now(): number;
  read<Result>(act: () => Result): Promise<Result>;
  write(operation: Operation, essential?: boolean): Promise<number>;
}

/** The state verbs over the embedded file. Every write is durable before it is answered, asked for or not. */
export function createEmbeddedState(options: EmbeddedStateOptions): State {
  const { reader, notices, health, release } = options;
  const reads = createStateReads(reader.connection);
  let isClosed = false;
  const door = createDoor(options, () => isClosed);
  return {
    ...createEntries(door, reads),
    ...createSets(door, reads),
    ...createLogs(door, reads),
    async notify(topic) {
      const said = await door.write({ kind: 'notify', topic: checkKey(topic) }, true);
      notices.said(topic, said);
    },
    async subscribe(topic, listener) {
      const end = await door.read(() => notices.subscribe(checkKey(topic), listener));
      return async () => end();
    },
    health: async () => (isClosed ? { ok: false, remarks: ['the state is closed'] } : health()),
    async close() {
      if (isClosed) return;
      isClosed = true;
      notices.close();
      await release();
    },
  };
}

function createDoor(options: EmbeddedStateOptions, isClosed: () => boolean): Door {
  const { reader, writer, clock } = options;

  function assertOpen(): void {
    if (isClosed()) throw new EngineFailure('lost', 'the state is closed');
  }

  return {
    now: () => clock.nowMs(),
    async read(act) {
      try {
        assertOpen();
        await reader.turn();
        return reader.read(act);
      } catch (error) {
        throw stateError(error);
      }
    },
    async write(operation, essential) {
      try {
        assertOpen();
        return Number(await writer.submit(operation, { essential }));
      } catch (error) {
        throw stateError(error);
      }
    },
  };
}

function createEntries(
  { now, read, write }: Door,
  reads: ReturnType<typeof createStateReads>,
): Verbs<'get' | 'getMany' | 'put' | 'swap' | 'delete' | 'count'> {
  const nextVersion = createVersions();
  const expiry = (ttlSeconds: number | undefined): number | null =>
    ttlSeconds === undefined ? null : inMs(now(), ttlSeconds);
  return {
    get: (key) => read(() => reads.entry(checkKey(key), now())),
    getMany: (keys) => read(() => keys.map((key) => reads.entry(checkKey(key), now()))),
    async put(key, value, { ttlSeconds, essential } = {}) {
      const entry = { key: checkKey(key), value: encodeValue(value), version: nextVersion() };
      await write({ kind: 'put', ...entry, expiresAt: expiry(ttlSeconds) }, essential);
      return entry.version;
    },
    async swap(key, seen, value, { ttlSeconds, essential } = {}) {
      const entry = { key: checkKey(key), value: encodeValue(value), version: nextVersion() };
      const expiresAt = expiry(ttlSeconds);
      const operation = {
        kind: 'swap',
        ...entry,
        seen: seen ?? null,
        expiresAt,
        now: now(),
      } as const;
      return (await write(operation, essential)) > 0 ? entry.version : undefined;
    },
    async delete(key) {
      return (await write({ kind: 'delete', key: checkKey(key), now: now() }, true)) > 0;
    },
    async count(key, by, ttlSeconds) {
      if (by === 0) return read(() => reads.total(checkKey(key), now()));
      const expiresAt = inMs(now(), ttlSeconds);
      return write({ kind: 'count', key: checkKey(key), by, expiresAt, now: now() });
    },
  };
}

function createSets(
  { now, read, write }: Door,
  reads: ReturnType<typeof createStateReads>,
): Verbs<'add' | 'remove' | 'list'> {
  return {
    async add(key, member, expiresAt, { essential } = {}) {
      const operation = {
        kind: 'add',
        key: checkKey(key),
        member,
        expiresAt: inMs(0, expiresAt),
      } as const;
      await write(operation, essential);
    },
    async remove(key, member) {
      await write({ kind: 'remove', key: checkKey(key), member }, true);
    },
    list: (key) => read(() => reads.members(checkKey(key), now())),
  };
}

function createLogs(
  { read, write }: Door,
  reads: ReturnType<typeof createStateReads>,
): Verbs<'append' | 'readLog' | 'trimLog'> {
  return {
    async append(log, values, { essential } = {}) {
      const texts = values.map(encodeValue);
      // An empty append must not make the log.
      if (texts.length === 0) return (await read(() => reads.log(checkKey(log), 0, 0))).last;
      return write({ kind: 'append', log: checkKey(log), values: texts }, essential);
    },
    readLog: (log, after, limit) => read(() => reads.log(checkKey(log), after, limit)),
    async trimLog(log, upTo) {
      await write({ kind: 'trim', log: checkKey(log), upTo }, true);
    },
  };
}

/** Versions that no other process, and no later life of this one, will give. */
function createVersions(): () => string {
  const life = randomId(9);
  let writes = 0;
  return () => {
    writes += 1;
    return `${life}${writes.toString(36)}`;
  };
}

function inMs(fromMs: number, seconds: number): number {
  return Math.round(fromMs + seconds * 1000);
}

function stateError(error: unknown): unknown {
  if (!(error instanceof EngineFailure)) return error;
  switch (error.fault) {
    case 'full':
      return new StateFull(error.message, { cause: error });
    case 'conflict':
    case 'other':
      return new TypeError(error.message, { cause: error });
    case 'busy':
    case 'corrupt':
    case 'device':
    case 'lost':
      return new StateUnavailable(error.message, { cause: error });
  }
}
