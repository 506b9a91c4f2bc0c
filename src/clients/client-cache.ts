import type { Clock } from '../runtime/clock.ts';
import type { ClientTable } from '../storage/tables.ts';
import type { Client } from './clients.ts';
import { createVersionWatch } from './version-watch.ts';

/** Clients by id, read again as soon as something may have changed. */
export interface ClientCache {
  /** @throws whatever the reader and the version throw: better no answer than an old one. */
  find(id: string): Promise<Client | undefined>;
  /** The client in a row that was read anyhow: the object that is known already unless the row changed. */
  clientIn(row: ClientTable): Client;
  /** Something has changed, or may have: what is cached is read again before it is used. */
  expire(): void;
}

export interface ClientCacheOptions {
  readonly clock: Clock;
  read(id: string): Promise<ClientTable | undefined>;
  decode(row: ClientTable): Client;
  /** Differs after every change that any node has made. */
  version(): Promise<string>;
}

interface Cached {
  readonly client: Client;
  readonly text: string;
  readonly generation: number;
  readonly readAtMs: number;
}

/** How long a client is used without reading its row again, in case a change was written but never told. */
const ROW_FRESH_MS = 30_000;
const CLIENTS_MAX = 10_000;

/**
 * A client that is asked for all the time costs one read of the version a second, and of its row whenever
 * the version has changed. Unknown ids are never remembered, so nobody can fill the memory with them.
 */
export function createClientCache(options: ClientCacheOptions): ClientCache {
  const { clock, version } = options;
  const watch = createVersionWatch({ clock, version, onChange: expire });
  const cached = new Map<string, Cached>();
  let reading = new Map<string, Promise<Client | undefined>>();
  let generation = 0;

  function expire(): void {
    generation += 1;
    // A read under way may have begun before the change: whoever comes now must not join it.
    reading = new Map();
  }

  function clientIn(row: ClientTable, text = JSON.stringify(row)): Client {
    const known = cached.get(row.id);
    return known?.text === text ? known.client : options.decode(row);
  }

  async function read(id: string): Promise<Client | undefined> {
    const begunIn = generation;
    const row = await options.read(id);
    if (row === undefined) {
      cached.delete(id);
      return undefined;
    }
    const text = JSON.stringify(row);
    const client = clientIn(row, text);
    if (cached.size >= CLIENTS_MAX && !cached.has(id)) forgetOldest(cached);
    cached.set(id, { client, text, generation: begunIn, readAtMs: clock.nowMs() });
    return client;
  }

  async function readOnce(id: string): Promise<Client | undefined> {
    const readers = reading;
    const running = readers.get(id) ?? read(id).finally(() => readers.delete(id));
    readers.set(id, running);
    return await running;
  }

  function isFresh(one: Cached): boolean {
    const ageMs = clock.nowMs() - one.readAtMs;
    return one.generation === generation && ageMs >= 0 && ageMs < ROW_FRESH_MS;
  }

  return {
    async find(id) {
      await watch.catchUp();
      const one = cached.get(id);
      return one !== undefined && isFresh(one) ? one.client : await readOnce(id);
    },
    clientIn: (row) => clientIn(row),
    expire,
  };
}

function forgetOldest(cached: Map<string, Cached>): void {
  for (const id of cached.keys()) {
    cached.delete(id);
    return;
  }
}
