import type { Redis } from 'ioredis';
import { StateUnavailable, type State } from '../state.ts';
import { failureOf } from './errors.ts';
import type { Lane, Lanes } from './lanes.ts';
import { decodeEntry, encodeEntry, type Names } from './names.ts';
import type { Scripts } from './scripts.ts';

/** What the verbs stand on. */
export interface VerbParts {
  readonly lanes: Lanes;
  readonly names: Names;
  readonly scripts: Scripts;
  readonly nextAttempt: () => string;
  /** How long the mark of an attempt is kept: longer than anybody still tries. */
  readonly markMs: number;
}

const FOR_EVER = '';
const VERSION_CHARACTERS_MAX = 64;

/** The verbs on entries: a string each, so that reading is one GET and writing one SET. */
export function createEntryVerbs(
  parts: VerbParts,
): Pick<State, 'get' | 'getMany' | 'put' | 'swap' | 'delete'> {
  return { ...createReaders(parts), ...createWriters(parts) };
}

function createReaders({ lanes, names }: VerbParts): Pick<State, 'get' | 'getMany'> {
  const { link, attempt } = lanes.main;
  return {
    async get(key) {
      const name = names.entry(key);
      return decodeEntry(await attempt(() => link.client.get(name)));
    },

    async getMany(keys) {
      const entries = keys.map(names.entry);
      if (entries.length === 0) return [];
      // No snapshot is promised, so a cluster may ask each of its nodes for its share.
      return (await attempt(() => link.client.mget(entries))).map(decodeEntry);
    },
  };
}

function createWriters(parts: VerbParts): Pick<State, 'put' | 'swap' | 'delete'> {
  const { lanes, names, scripts, nextAttempt, markMs } = parts;
  return {
    async put(key, value, options = {}) {
      const name = names.entry(key);
      const version = nextAttempt();
      const text = encodeEntry(version, value);
      const ttl = ttlMs(options.ttlSeconds);
      const lane = options.durable ? await lanes.durable() : lanes.main;
      await lane.attempt(async (mayBeDone) => {
        if (mayBeDone) return assertHeld(lane, name, version);
        try {
          await set(lane.link.client, name, text, ttl);
        } catch (error) {
          // A full Redis has done nothing; the script is let through. It costs five times as much as SET.
          if (!options.essential || failureOf(error) !== 'full') throw error;
          await lane.link.evaluate(scripts.put, [name], [text, ttl]);
        }
      });
      return version;
    },

    async swap(key, seen, value, options = {}) {
      const name = names.entry(key);
      const version = nextAttempt();
      const text = encodeEntry(version, value);
      const ttl = ttlMs(options.ttlSeconds);
      const script = options.essential ? scripts.swap.essential : scripts.swap.ordinary;
      const lane = options.durable ? await lanes.durable() : lanes.main;
      return await lane.attempt(async (mayBeDone) => {
        const outcome = await lane.link.evaluate(
          script,
          [name, names.mark(name, version)],
          [version, seen ?? '', text, ttl, markMs, mayBeDone ? '1' : ''],
        );
        if (outcome === -1) throw new StateUnavailable('nobody can tell whether the swap was won');
        return outcome === 1 ? version : undefined;
      });
    },

    async delete(key, options = {}) {
      const name = names.entry(key);
      const keysOfScript = [name, names.mark(name, nextAttempt())];
      const lane = options.durable ? await lanes.durable() : lanes.main;
      const found = await lane.attempt(() =>
        lane.link.evaluate(scripts.delete, keysOfScript, [markMs]),
      );
      return found === 1;
    },
  };
}

async function set(
  client: Redis,
  name: string,
  text: string,
  ttl: number | typeof FOR_EVER,
): Promise<void> {
  await (ttl === FOR_EVER ? client.set(name, text) : client.set(name, text, 'PX', ttl));
}

/**
 * Finds out whether a put whose answer was lost was done. Putting again would undo what somebody may have
 * made of it since, a redemption or a deletion: so if the entry is not ours, nobody can tell.
 */
async function assertHeld({ link }: Lane, name: string, version: string): Promise<void> {
  const start = await link.client.getrange(name, 0, VERSION_CHARACTERS_MAX);
  if (start.startsWith(`${version}|`)) return;
  throw new StateUnavailable('nobody can tell whether the entry was put');
}

function ttlMs(ttlSeconds: number | undefined): number | typeof FOR_EVER {
  return ttlSeconds === undefined ? FOR_EVER : Math.max(1, Math.ceil(ttlSeconds * 1000));
}
