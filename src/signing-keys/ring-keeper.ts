import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Origin } from '../runtime/origin.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { KeyMaker } from './key-material.ts';
import { CONNECTED_SECONDS, type PlanFor } from './promises.ts';
import type { RingStore } from './ring-store.ts';
import type { KnownRing, RingView } from './ring-view.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import { dueKey, tidied, withKey } from './schedule.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** Who acts when a key is made or retired in time. */
const SCHEDULE: Origin = { address: 'schedule' };

/** What makes and retires keys: the pool of all that the keeper and the birth of a ring need. */
export interface Workshop {
  readonly store: RingStore;
  readonly planFor: PlanFor;
  readonly algorithms: readonly KeyAlgorithm[];
  readonly make: KeyMaker;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly logger: Logger;
}

/** Does in time what the schedule says is due. Every node has one; a swap decides whose work counts. */
export interface RingKeeper {
  /** True: some ring is no longer as it was known; read again. */
  tend(): Promise<boolean>;
}

/** A keeper that works only while the node is connected and its clock is trusted. */
export function createRingKeeper(shop: Workshop, view: RingView, watch: ClockWatch): RingKeeper {
  async function tendRing(known: KnownRing): Promise<boolean> {
    const { ring } = known;
    const next = await nextRing(shop, ring);
    if (next === ring) return false;
    if (await shop.store.swap(known, next)) await tellDifference(shop, ring, next);
    return true;
  }

  return {
    async tend() {
      if (!watch.isTrusted() || view.secondsSinceRead() > CONNECTED_SECONDS) return false;
      const known = RING_ALGORITHMS.flatMap((algorithm) => view.known(algorithm) ?? []);
      const outcomes = await Promise.all(known.map(tendRing));
      return outcomes.includes(true);
    },
  };
}

async function nextRing(shop: Workshop, ring: Ring): Promise<Ring> {
  const { planFor, clock, algorithms, make } = shop;
  const plan = planFor(ring.algorithm);
  const wanted = algorithms.includes(ring.algorithm);
  const tidy = tidied(ring, plan, { now: clock.now(), wanted });
  if (!wanted || !dueKey(tidy, plan, clock.now())) return tidy;
  const key = await make(ring.algorithm);
  // Read only now: the key is published from the swap on, not from when its making began.
  const due = dueKey(tidy, plan, clock.now());
  return due ? withKey(tidy, plan, key, due) : tidy;
}

async function tellDifference(shop: Workshop, before: Ring, after: Ring): Promise<void> {
  const { algorithm } = after;
  for (const { kid, signsFrom } of after.keys.filter((key) => !hasKey(before, key.kid))) {
    await tellGenerated(shop, { kid, algorithm, signsFrom });
  }
  for (const { kid } of before.keys.filter((key) => !hasKey(after, key.kid))) {
    shop.logger.info({ event: 'key.retired', kid, algorithm }, 'a signing key left the key set');
    await record(shop, { type: 'key.retired', kid, algorithm });
  }
}

/** Puts a new key on the record. */
export async function tellGenerated(
  shop: Pick<Workshop, 'audit' | 'logger'>,
  key: { readonly kid: string; readonly algorithm: KeyAlgorithm; readonly signsFrom: number },
): Promise<void> {
  const { kid, algorithm } = key;
  shop.logger.info({ event: 'key.published', ...key }, 'published a signing key');
  await record(shop, { type: 'key.generated', kid, algorithm });
}

/** The ring has changed already: a record that cannot be written must not stop the keys of all nodes. */
async function record(
  { audit, logger }: Pick<Workshop, 'audit' | 'logger'>,
  event: {
    readonly type: 'key.generated' | 'key.retired';
    readonly kid: string;
    readonly algorithm: KeyAlgorithm;
  },
): Promise<void> {
  try {
    await audit.record({ ...event, origin: SCHEDULE });
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    logger.error(
      { event: 'key.not_audited', kid: event.kid, error },
      'a key event is not on record',
    );
  }
}

function hasKey(ring: Ring, kid: string): boolean {
  return ring.keys.some((key) => key.kid === kid);
}
