import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { WriteOptions } from '../storage/state.ts';
import { KeyOrderRefused, RingBroken } from './faults.ts';
import type { KeyMaker } from './key-material.ts';
import type { RingCopies } from './ring-copies.ts';
import type { RingStore, StoredRing } from './ring-store.ts';
import type { PlanFor } from './promises.ts';
import type { NewKey, Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

const ATTEMPTS_MAX = 100;
/** So many fit into one value of the state, whatever their type. */
const KEYS_MAX = 80;

/** A ring as it should become, and what to tell of it. Undefined: a spare key is needed for that. */
export type Edit<Result> = (
  ring: Ring,
  spare: NewKey | undefined,
) => { readonly ring: Ring; readonly result: Result } | undefined;

/** Changes rings by hand: reads, decides, swaps, and begins again when another was faster. */
export interface RingEditor {
  /** @throws {RingBroken} when a ring in state cannot be used. */
  readAll(): Promise<readonly Ring[]>;
  /** @throws {RingBroken} when the ring cannot be used. @throws {KeyOrderRefused} when there is none. */
  change<Result>(
    algorithm: KeyAlgorithm,
    edit: Edit<Result>,
    write?: Pick<WriteOptions, 'essential'>,
  ): Promise<{ readonly ring: Ring; readonly result: Result }>;
}

/** All that an order may need. */
export interface OrderTools {
  readonly editor: RingEditor;
  readonly store: RingStore;
  readonly copies: RingCopies;
  readonly make: KeyMaker;
  readonly planFor: PlanFor;
  readonly algorithms: readonly KeyAlgorithm[];
  readonly namespace: string;
  readonly folder: string;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly origin: Origin;
}

/** An editor that keeps the last good copies up to date, too. */
export function createRingEditor(options: {
  readonly store: RingStore;
  readonly copies: RingCopies;
  readonly make: KeyMaker;
}): RingEditor {
  const { store, copies, make } = options;

  return {
    async readAll() {
      return (await store.readAll()).flatMap((stored) => {
        if (stored.kind === 'broken') throw brokenRing(stored);
        return stored.kind === 'ring' ? [stored.ring] : [];
      });
    },
    async change(algorithm, edit, write) {
      let spare: NewKey | undefined;
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const stored = await readRing(store, algorithm);
        const edited = edit(stored.ring, spare);
        if (edited && edited.ring.keys.length > Math.max(KEYS_MAX, stored.ring.keys.length)) {
          throw new KeyOrderRefused(`the ring has ${KEYS_MAX} keys: wait until some have left it`);
        }
        if (!edited) spare = await make(algorithm);
        else if (edited.ring === stored.ring) return edited;
        else if (await store.swap(stored, edited.ring, write)) {
          await copies.write(edited.ring);
          return edited;
        }
      }
      throw new KeyOrderRefused(`the ring of ${algorithm} keys is changed by others all the time`);
    },
  };
}

async function readRing(
  store: RingStore,
  algorithm: KeyAlgorithm,
): Promise<StoredRing & { readonly kind: 'ring' }> {
  const stored = (await store.readAll()).find((found) => found.algorithm === algorithm);
  if (stored?.kind === 'ring') return stored;
  if (stored?.kind === 'broken') throw brokenRing(stored);
  throw new KeyOrderRefused(`there is no ring of ${algorithm} keys yet: start a node first`);
}

function brokenRing({ algorithm, reason }: StoredRing & { readonly kind: 'broken' }): RingBroken {
  return new RingBroken(`the ring of ${algorithm} keys in the state cannot be used: ${reason}`);
}
