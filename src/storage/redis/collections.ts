import type { Clock } from '../../runtime/clock.ts';
import type { LogEntry, LogPage, State } from '../state.ts';
import type { VerbParts } from './entries.ts';
import { decodeValue, encodeValue } from './names.ts';

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
  const { lanes, names, scripts, nextAttempt, markMs } = parts;
  const { link, attempt } = lanes.main;
  return {
    async count(key, by, ttlSeconds) {
      if (!Number.isSafeInteger(by)) throw new TypeError('a count is a whole number');
      const name = names.counter(key);
      if (by === 0) return Number((await attempt(() => link.client.get(name))) ?? 0);
      const keys = [name, names.mark(name, nextAttempt())];
      const ttlMs = Math.max(1, Math.ceil(ttlSeconds * 1000));
      return Number(await attempt(() => link.evaluate(scripts.count, keys, [by, ttlMs, markMs])));
    },
  };
}

function createSetVerbs(
  { lanes, names, scripts }: VerbParts,
  clock: Clock,
): Pick<State, 'add' | 'remove' | 'list'> {
  const { link, attempt } = lanes.main;
  return {
    // Repeating these changes nothing, so they carry no mark.
    async add(key, member, expiresAt, options = {}) {
      const name = names.set(key);
      const now = clock.now();
      if (expiresAt <= now) return;
      const script = options.essential ? scripts.add.essential : scripts.add.ordinary;
      const lane = options.durable ? await lanes.durable() : lanes.main;
      await lane.attempt(() => lane.link.evaluate(script, [name], [member, expiresAt, now]));
    },

    async remove(key, member) {
      const name = names.set(key);
      await attempt(() => link.client.zrem(name, member));
    },

    async list(key) {
      const name = names.set(key);
      return await attempt(() => link.client.zrangebyscore(name, `(${clock.now()}`, '+inf'));
    },
  };
}

function createLogVerbs(parts: VerbParts): Pick<State, 'append' | 'readLog' | 'trimLog'> {
  const { lanes, names, scripts, nextAttempt, markMs } = parts;
  const { link, attempt } = lanes.main;

  async function readLog(log: string, after: number, limit: number): Promise<LogPage> {
    const name = names.log(log);
    return decodePage(await attempt(() => link.evaluate(scripts.readLog, [name], [after, limit])));
  }

  return {
    readLog,

    async append(log, values, options = {}) {
      const name = names.log(log);
      const texts = values.map(encodeValue);
      if (texts.length === 0) return (await readLog(log, 0, 1)).last;
      const keys = [name, names.mark(name, nextAttempt())];
      const script = options.essential ? scripts.append.essential : scripts.append.ordinary;
      const lane = options.durable ? await lanes.durable() : lanes.main;
      return Number(await lane.attempt(() => lane.link.evaluate(script, keys, [markMs, ...texts])));
    },

    async trimLog(log, upTo) {
      const name = names.log(log);
      if (upTo >= 1) await attempt(() => link.client.xtrim(name, 'MINID', `0-${upTo + 1}`));
    },
  };
}

/** Reads what `read-log.lua` gives. */
function decodePage(answer: unknown): LogPage {
  if (!Array.isArray(answer)) throw new TypeError('Redis gave no page of a log');
  const [last, first, ...rest] = answer;
  const entries: LogEntry[] = [];
  for (let n = 0; n < rest.length; n += 2) {
    entries.push({ number: Number(rest[n]), value: decodeValue(String(rest[n + 1])) });
  }
  return { entries, last: Number(last), first: Number(first) };
}
