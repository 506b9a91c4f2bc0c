import { StateUnavailable, type State } from '../state.ts';
import type { Attempt } from './attempts.ts';
import { failureOf } from './errors.ts';
import type { Wire } from './link.ts';
import { keysOfOnce, keysOfSwap } from './marks.ts';
import { decodeEntry, encodeEntry, type Names } from './names.ts';
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
  const read = (name: string): Promise<unknown> => attempt(name, (wire) => wire.send('GET', name));
  return {
    get: async (key) => decodeEntry(await read(names.entry(key))),

    async getMany(keys) {
      const entries = keys.map(names.entry);
      const [first] = entries;
      if (first === undefined) return [];
      // What one turn sends to a node goes out in one piece: a round trip to each of them.
      if (isSpread) return (await Promise.all(entries.map(read))).map(decodeEntry);
      return asList(await attempt(first, (wire) => wire.send('MGET', ...entries))).map(decodeEntry);
    },
  };
}

function createPut({ attempt, names, scripts, nextAttempt }: VerbParts): Pick<State, 'put'> {
  return {
    async put(key, value, options = {}) {
      const name = names.entry(key);
      const version = nextAttempt();
      const text = encodeEntry(version, value);
      const ttl = ttlMs(options.ttlSeconds);
      await attempt(
        name,
        async (wire, { mayBeDone }) => {
          if (mayBeDone) return assertHeld(wire, name, version);
          try {
            await (ttl === FOR_EVER
              ? wire.send('SET', name, text)
              : wire.send('SET', name, text, 'PX', ttl));
          } catch (error) {
            // A full Redis has done nothing; the script is let through. It costs five times as much as SET.
            if (!options.essential || failureOf(error) !== 'full') throw error;
            await wire.evaluate(scripts.put, [name], [text, ttl]);
          }
        },
        options,
      );
      return version;
    },
  };
}

function createOnceVerbs(parts: VerbParts): Pick<State, 'swap' | 'delete'> {
  const { attempt, names, scripts, nextAttempt, markMs } = parts;
  return {
    async swap(key, seen, value, options = {}) {
      const name = names.entry(key);
      const version = nextAttempt();
      const text = encodeEntry(version, value);
      const ttl = ttlMs(options.ttlSeconds);
      const script = options.essential ? scripts.swap.essential : scripts.swap.ordinary;
      const mark = names.mark(name, version);
      return await attempt(
        name,
        async (wire, trial) => {
          const outcome = await wire.evaluate(script, keysOfSwap(name, mark, trial), [
            version,
            seen ?? '',
            text,
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

/**
 * Finds out whether a put whose answer was lost was done. Putting again would undo what somebody may have
 * made of it since, a redemption or a deletion: so if the entry is not ours, nobody can tell.
 */
async function assertHeld(wire: Wire, name: string, version: string): Promise<void> {
  const start = await wire.send('GETRANGE', name, 0, VERSION_CHARACTERS_MAX);
  if (String(start).startsWith(`${version}|`)) return;
  throw new StateUnavailable('nobody can tell whether the entry was put');
}

function ttlMs(ttlSeconds: number | undefined): number | typeof FOR_EVER {
  return ttlSeconds === undefined ? FOR_EVER : Math.max(1, Math.ceil(ttlSeconds * 1000));
}
