import type { Redis } from 'ioredis';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createReigns, type Reign } from './reigns.ts';
import {
  readServerFacts,
  remarksOf,
  unfitnessOf,
  type Place,
  type ServerFacts,
} from './server-facts.ts';

/** Looks at the Redis behind a connection before anything is trusted to it. */
export interface Inspector {
  /**
   * @throws {RedisMayEvict} when it may throw state away.
   * @throws {RedisRefused} when it is too old.
   * @throws {Error} when it is a replica, which will pass.
   */
  inspect(client: Redis): Promise<Reign>;
  /** Whose time it is behind a further connection to the same address, which may lead elsewhere by now. */
  reignBehind(client: Redis): Promise<Reign>;
  /** What it said last; `undefined` before the first time. */
  facts(): ServerFacts | undefined;
}

interface InspectorOptions {
  /** How many replicas must confirm. */
  readonly replicas: number;
  readonly place: Place;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createInspector({ replicas, place, clock, logger }: InspectorOptions): Inspector {
  const reignOf = createReigns(clock);
  let facts: ServerFacts | undefined;

  function tell(now: ServerFacts, before: ServerFacts | undefined): void {
    if (before && before.runId !== now.runId) {
      logger.warn(
        { event: 'redis.replaced', at: place.name, before: before.runId, now: now.runId },
        'Redis was restarted or replaced: what it acknowledged last may be lost, sign-ins under way begin again',
      );
    }
    const told = new Set(before ? remarksOf(before, replicas) : []);
    for (const remark of remarksOf(now, replicas)) {
      if (!told.has(remark))
        logger.warn({ event: 'redis.remark', at: place.name, remark }, 'mind how Redis is set');
    }
  }

  return {
    facts: () => facts,
    async inspect(client) {
      const [info, appendFsync] = await Promise.all([client.info(), readAppendFsync(client)]);
      const found = readServerFacts(info, appendFsync);
      const unfit = unfitnessOf(found, place);
      if (unfit) throw unfit;
      if (found.role !== 'master') throw new Error('the Redis that was reached is a replica');
      tell(found, facts);
      facts = found;
      return reignOf(found);
    },
    reignBehind: async (client) => reignOf(readServerFacts(await client.info(), '')),
  };
}

/** Empty where CONFIG is forbidden, as with many who rent out Redis. */
async function readAppendFsync(client: Redis): Promise<string> {
  const answer: unknown = await client.config('GET', 'appendfsync').catch(() => []);
  return Array.isArray(answer) ? String(answer[1] ?? '') : '';
}
