import {
  StateUnavailable,
  type Entry,
  type State,
  type SwapOptions,
  type Version,
  type WriteOptions,
} from '../state.ts';
import type { Attempt } from './attempts.ts';
import { failureOf } from './errors.ts';
import type { Fence } from './fence.ts';
import type { Wire } from './link.ts';
import { keysOfOnce, keysOfSwap } from './marks.ts';
import { decodeEntry, encodeEntry, encodeValue, type Names } from './names.ts';
import { asList } from './replies.ts';
import type { Scripts } from './scripts.ts';

/** What the verbs stand on. */
export interface VerbParts {
  readonly attempt: Attempt;
  /** Whether keys lie on several nodes, so that one command can read one only. */
  readonly isSpread: boolean;
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
  return { ...createReaders(parts), ...createPut(parts), ...createOnceVerbs(parts) };
}

function createReaders({ attempt, isSpread, names }: VerbParts): Pick<State, 'get' | 'getMany'> {
  const read = (name: string): Promise<Entry | undefined> =>
    attempt(name, async (wire, _, fence) => admitted(await wire.send('GET', name), fence));
  return {
    get: async (key) => await read(names.entry(key)),

    async getMany(keys) {
      const entries = keys.map(names.entry);
      const [first] = entries;
      if (first === undefined) return [];
      // What one turn sends to a node goes out in one piece: a round trip to each of them.
      if (isSpread) return await Promise.all(entries.map(read));
      return await attempt(first, async (wire, _, fence) =>
        asList(await wire.send('MGET', ...entries)).map((answer) => admitted(answer, fence)),
      );
    },
  };
}

function createPut({ attempt, names, scripts, nextAttempt }: VerbParts): Pick<State, 'put'> {
  return {
    async put(key, value, options = {}) {
      const name = names.entry(key);
      const versionAt = createVersion(nextAttempt(), options);
      const json = encodeValue(value);
      const ttl = ttlMs(options.ttlSeconds);
      return await attempt(
        name,
        async (wire, { mayBeDone }, fence) => {
          const version = versionAt(fence);
          if (mayBeDone) return await heldVersion(wire, name, version);
          const text = encodeEntry(version, json);
          try {
            await (ttl === FOR_EVER
              ? wire.send('SET', name, text)
              : wire.send('SET', name, text, 'PX', ttl));
          } catch (error) {
            // A full Redis has done nothing; the script is let through. It costs five times as much as SET.
            if (!options.essential || failureOf(error) !== 'full') throw error;
            await wire.evaluate(scripts.put, [name], [text, ttl]);
          }
          return version;
        },
        options,
      );
    },
  };
}

function createOnceVerbs(parts: VerbParts): Pick<State, 'swap' | 'delete'> {
  const { attempt, names, scripts, nextAttempt, markMs } = parts;
  return {
    async swap(key, seen, value, options = {}) {
      const name = names.entry(key);
      const own = nextAttempt();
      const versionAt = createVersion(own, options);
      const json = encodeValue(value);
      const ttl = ttlMs(options.ttlSeconds);
      const script = options.essential ? scripts.swap.essential : scripts.swap.ordinary;
      const mark = names.mark(name, own);
      return await attempt(
        name,
        async (wire, trial, fence) => {
          if (!mayBeFirst(seen, options, fence)) return undefined;
          const version = versionAt(fence);
          const outcome = await wire.evaluate(script, keysOfSwap(name, mark, trial), [
            version,
            seen ?? '',
            encodeEntry(version, json),
            ttl,
            markMs,
            trial.mayBeDone ? '1' : '',
          ]);
          if (outcome === -1)
            throw new StateUnavailable('nobody can tell whether the swap was won');
          return outcome === 1 ? version : undefined;
        },
        options,
      );
    },

    async delete(key, options = {}) {
      const name = names.entry(key);
      const mark = names.mark(name, nextAttempt());
      const found = await attempt(
        name,
        (wire, trial) => wire.evaluate(scripts.delete, keysOfOnce(name, mark, trial), [markMs]),
        options,
      );
      return found === 1;
    },
  };
}

/** What `GET` gave, unless it happens once and may have happened. */
function admitted(answer: unknown, fence: Fence): Entry | undefined {
  const entry = decodeEntry(answer);
  return entry && fence.admits(entry.version) ? entry : undefined;
}

/** Gives the version of a write, at each try the one of the first: what happens once is of the reign it was sent in. */
function createVersion(attempt: string, { once }: WriteOptions): (fence: Fence) => Version {
  let version = once === true ? undefined : attempt;
  return (fence) => (version ??= fence.stamp(attempt));
}

/** False: what is swapped was read from a master that is no more, or stands for what may have happened there. */
function mayBeFirst(seen: Version | undefined, { madeAt }: SwapOptions, fence: Fence): boolean {
  if (seen !== undefined) return fence.admits(seen);
  return madeAt === undefined || fence.isAfterLoss(madeAt);
}

/**
 * Finds out whether a put whose answer was lost was done. Putting again would undo what somebody may have
 * made of it since, a redemption or a deletion: so if the entry is not ours, nobody can tell.
 */
async function heldVersion(wire: Wire, name: string, version: Version): Promise<Version> {
  const start = await wire.send('GETRANGE', name, 0, VERSION_CHARACTERS_MAX);
  if (String(start).startsWith(`${version}|`)) return version;
  throw new StateUnavailable('nobody can tell whether the entry was put');
}

function ttlMs(ttlSeconds: number | undefined): number | typeof FOR_EVER {
  return ttlSeconds === undefined ? FOR_EVER : Math.max(1, Math.ceil(ttlSeconds * 1000));
}
