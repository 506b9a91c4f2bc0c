import type { Clock } from '../../runtime/clock.ts';
import type { LogEntry, LogPage, State } from '../state.ts';
import type { VerbParts } from './entries.ts';
import { keysOfOnce } from './marks.ts';
import { decodeValue, encodeValue } from './names.ts';
import { asList } from './replies.ts';

type CollectionVerbs = Pick<
  State,
  'count' | 'add' | 'remove' | 'list' | 'append' | 'readLog' | 'trimLog'
>;

/** The verbs on counters (a number), sets (sorted by expiry) and logs (a stream). */
export function createCollectionVerbs(parts: VerbParts, clock: Clock): CollectionVerbs {
  return {
    ...createCounterVerbs(parts),
    ...createSetVerbs(parts, clock),
    ...createLogVerbs(parts),
  };
}

function createCounterVerbs(parts: VerbParts): Pick<State, 'count'> {
  const { attempt, names, scripts, nextAttempt, markMs } = parts;
  return {
    async count(key, by, ttlSeconds) {
      if (!Number.isSafeInteger(by)) throw new TypeError('a count is a whole number');
      const name = names.counter(key);
      if (by === 0) return Number((await attempt(name, (wire) => wire.send('GET', name))) ?? 0);
      const mark = names.mark(name, nextAttempt());
      const args = [by, Math.max(1, Math.ceil(ttlSeconds * 1000)), markMs];
      return Number(
        await attempt(name, (wire, trial) =>
          wire.evaluate(scripts.count, keysOfOnce(name, mark, trial), args),
        ),
      );
    },
  };
}

function createSetVerbs(
  { attempt, names, scripts }: VerbParts,
  clock: Clock,
): Pick<State, 'add' | 'remove' | 'list'> {
  return {
    // Repeating these changes nothing, so they carry no mark.
    async add(key, member, expiresAt, options = {}) {
      const name = names.set(key);
      const now = clock.now();
      if (expiresAt <= now) return;
      const script = options.essential ? scripts.add.essential : scripts.add.ordinary;
      const args = [member, expiresAt, now];
      await attempt(name, (wire) => wire.evaluate(script, [name], args), options);
    },

    async remove(key, member) {
      const name = names.set(key);
      await attempt(name, (wire) => wire.send('ZREM', name, member));
    },

    async list(key) {
      const name = names.set(key);
      const from = `(${clock.now()}`;
      const members = await attempt(name, (wire) => wire.send('ZRANGEBYSCORE', name, from, '+inf'));
      return asList(members).map(String);
    },
  };
}

function createLogVerbs(parts: VerbParts): Pick<State, 'append' | 'readLog' | 'trimLog'> {
  const { attempt, names, scripts, nextAttempt, markMs } = parts;

  async function readLog(log: string, after: number, limit: number): Promise<LogPage> {
    const name = names.log(log);
    return decodePage(
      await attempt(name, (wire) => wire.evaluate(scripts.readLog, [name], [after, limit])),
    );
  }

  return {
    readLog,

    async append(log, values, options = {}) {
      const name = names.log(log);
      const texts = values.map(encodeValue);
      if (texts.length === 0) return (await readLog(log, 0, 1)).last;
      const mark = names.mark(name, nextAttempt());
      const script = options.essential ? scripts.append.essential : scripts.append.ordinary;
      const args = [markMs, ...texts];
      return Number(
        await attempt(
          name,
          (wire, trial) => wire.evaluate(script, keysOfOnce(name, mark, trial), args),
          options,
        ),
      );
    },

    async trimLog(log, upTo) {
      const name = names.log(log);
      if (upTo < 1) return;
      await attempt(name, (wire) => wire.send('XTRIM', name, 'MINID', `0-${upTo + 1}`));
    },
  };
}

/** Reads what `read-log.lua` gives. */
function decodePage(answer: unknown): LogPage {
  const [last, first, ...rest] = asList(answer);
  const entries: LogEntry[] = [];
  for (let n = 0; n < rest.length; n += 2) {
    entries.push({ number: Number(rest[n]), value: decodeValue(String(rest[n + 1])) });
  }
  return { entries, last: Number(last), first: Number(first) };
}
