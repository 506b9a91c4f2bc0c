import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { revocationConfig } from '../../../src/revocation/config.ts';
import {
  createRevocation,
  type RevocationRoom,
} from '../../../src/revocation/create-revocation.ts';
import type { TokenHandles } from '../../../src/revocation/revocation.ts';
import { systemClock, type Clock } from '../../../src/runtime/clock.ts';
import { createPinoLogger } from '../../../src/runtime/pino-logger.ts';
import { randomId } from '../../../src/runtime/random.ts';
import type { RedisSettings } from '../../../src/storage/config.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { openRedisState } from '../../../src/storage/redis/open-redis-state.ts';
import type { Records } from '../../../src/storage/records.ts';
import type { State } from '../../../src/storage/state.ts';
import { PATIENT_REDIS, redisSettings, type TestRedis } from '../../support/redis.ts';

export const logger = createPinoLogger({ level: 'silent', fields: {} });
export const actor = { by: 'test', origin: { address: '192.0.2.7' } } as const;
export const details = { reason: 'test', actor } as const;

export interface Node {
  readonly state: State;
  readonly records: Records;
  readonly revocation: RevocationRoom;
  close(): Promise<void>;
}

export interface NodeOptions {
  readonly settings?: Parameters<typeof revocationConfig.parse>[0];
  readonly clock?: Clock;
  /** Stands between the node and its state. */
  readonly wrap?: ((state: State) => State) | undefined;
  /** Stands between the node and its records. */
  readonly wrapRecords?: ((records: Records) => Records) | undefined;
}

/** Stores that several nodes share. */
export interface Site {
  node(options?: NodeOptions): Promise<Node>;
  close(): Promise<void>;
}

/** One embedded file, opened by each node on its own as by processes of one machine. */
export async function openEmbeddedSite(clock: Clock = systemClock): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-revocation-'));
  const file = join(folder, 'data.sqlite');
  return createSite(
    async () => openEmbedded({ file, clock, logger }),
    () => rm(folder, { recursive: true, force: true }),
    clock,
  );
}

/** A Redis for the state, and records in an embedded file. */
export async function openRedisSite(
  redis: TestRedis,
  limits: Partial<RedisSettings> = PATIENT_REDIS,
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-revocation-'));
  const file = join(folder, 'data.sqlite');
  const settings = redisSettings(redis.url, { ...limits, keyPrefix: `${randomId(6)}:` });
  return createSite(
    async () => {
      const { records, close } = await openEmbedded({ file, clock: systemClock, logger });
      const state = await openRedisState(settings, { clock: systemClock, logger });
      return {
        state,
        records,
        close: async () => {
          await Promise.all([state.close(), close()]);
        },
      };
    },
    () => rm(folder, { recursive: true, force: true }),
    systemClock,
  );
}

interface Stores {
  readonly state: State;
  readonly records: Records;
  close(): Promise<void>;
}

function createSite(
  open: () => Promise<Stores>,
  remove: () => Promise<void>,
  standard: Clock,
): Site {
  const nodes = new Set<Node>();
  return {
    async node({ settings = {}, clock = standard, wrap, wrapRecords }: NodeOptions = {}) {
      const stores = await open();
      await stores.records.migrate();
      const records = wrapRecords?.(stores.records) ?? stores.records;
      const state = wrap?.(stores.state) ?? stores.state;
      const base = { state, records, clock, logger };
      const audit = createAudit({ ...base, node: randomId(4), settings: auditConfig.parse({}) });
      const revocation = await createRevocation({
        ...base,
        audit,
        settings: revocationConfig.parse(settings),
        namespace: 'test',
      });
      const node: Node = {
        state,
        records,
        revocation,
        async close() {
          if (!nodes.delete(node)) return;
          await revocation.close();
          await audit.close();
          await stores.close();
        },
      };
      nodes.add(node);
      return node;
    },
    async close() {
      await Promise.all([...nodes].map((node) => node.close()));
      await remove();
    },
  };
}

/** A token issued by `node` now; each call another one. */
export function issue(node: Node, handles: Partial<TokenHandles> = {}): TokenHandles {
  return { jti: randomId(), clientId: 'web', mark: node.revocation.stamp(), ...handles };
}
