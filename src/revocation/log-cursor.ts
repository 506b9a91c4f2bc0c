import type { LogPage, State } from '../storage/state.ts';
import type { Epoch } from './epoch.ts';
import type { LogKeys } from './log-keys.ts';
import { applyPage, beginningOf, continues, readFrom, type Place } from './log-place.ts';
import type { RevocationMemory } from './memory.ts';
import type { Loss } from './renew-epoch.ts';

const PAGE = 2000;

/** Moves along the log of one epoch and applies what it passes. */
export interface LogCursor {
  /** Undefined: nothing is followed yet. */
  place(): Place | undefined;
  /** A page of the log, from where the cursor stands, or from the beginning of an epoch. */
  read(from: Place): Promise<LogPage>;
  /** Forgets what was known and applies the log of `epoch` from its beginning. */
  follow(epoch: Epoch): Promise<Loss | undefined>;
  /** Applies `page` and what comes behind it, up to the end. */
  applyFrom(from: Place, page: LogPage): Promise<Loss | undefined>;
}

interface LogCursorOptions {
  readonly state: State;
  readonly keys: LogKeys;
  readonly memory: RevocationMemory;
}

/** Stands nowhere until it follows an epoch. What it gives is a loss that it came upon. */
export function createLogCursor({ state, keys, memory }: LogCursorOptions): LogCursor {
  let place: Place | undefined;

  function read(from: Place): Promise<LogPage> {
    return state.readLog(keys.log(from.epoch.id), readFrom(from), PAGE);
  }

  async function applyFrom(from: Place, first: LogPage): Promise<Loss | undefined> {
    let [at, page] = [from, first];
    for (;;) {
      if (!continues(at, page)) {
        const { generation } = at.epoch;
        return { reason: 'the log has lost its newest entries', generation };
      }
      const { applied } = at;
      at = applyPage(at, page, memory);
      place = at;
      if (at.applied >= page.last || at.applied === applied) return undefined;
      page = await read(at);
    }
  }

  return {
    place: () => place,
    read,
    applyFrom,
    async follow(epoch) {
      memory.clear();
      const from = beginningOf(epoch);
      place = from;
      return applyFrom(from, await read(from));
    },
  };
}
