import type { Sealer } from '../runtime/sealing.ts';
import type { Entry, State, Version, WriteOptions } from '../storage/state.ts';
import { decodeRing, encodeRing } from './ring-codec.ts';
import type { FoundRing } from './ring-copies.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** A ring as it was read: what it holds, and the version that a swap must still find. */
export type StoredRing = FoundRing & {
  readonly algorithm: KeyAlgorithm;
  readonly version: Version | undefined;
};

/** The rings in state. Each is one key, changed by nothing but `swap`. */
export interface RingStore {
  /** What lies in the place of each algorithm's ring. */
  readAll(): Promise<readonly StoredRing[]>;
  /**
   * True: `ring` now stands in the place of `seen`, durably, and every node was told. `essential`: it takes
   * validity away, so it is written even when the engine is full.
   */
  swap(seen: StoredRing, ring: Ring, options?: Pick<WriteOptions, 'essential'>): Promise<boolean>;
  /** Calls `listener` when some node has changed a ring. Gives the function that ends it. */
  subscribe(listener: () => void): Promise<() => Promise<void>>;
  /** The same rings, sealed by another sealer from now on. */
  sealedBy(sealer: Sealer): RingStore;
}

/** The rings of one namespace. */
export function createRingStore(options: {
  readonly state: State;
  readonly namespace: string;
  readonly sealer: Sealer;
}): RingStore {
  const { state, namespace, sealer } = options;
  const keys = RING_ALGORITHMS.map((algorithm) => ringKey(namespace, algorithm));
  const topic = `${namespace}:rings`;
  // What was last decoded of each ring: most reads find the version they know.
  const decoded = new Map<KeyAlgorithm, StoredRing>();

  function decode(algorithm: KeyAlgorithm, entry: Entry | undefined): StoredRing {
    if (!entry) return { kind: 'absent', algorithm, version: undefined };
    const known = decoded.get(algorithm);
    if (known?.version === entry.version) return known;
    const ring = decodeRing(entry.value, { namespace, algorithm }, sealer);
    const { version } = entry;
    const stored: StoredRing =
      typeof ring === 'string'
        ? { kind: 'broken', algorithm, reason: ring, version }
        : { kind: 'ring', algorithm, ring, version };
    decoded.set(algorithm, stored);
    return stored;
  }

  return {
    async readAll() {
      const entries = await state.getMany(keys);
      return RING_ALGORITHMS.map((algorithm, index) => decode(algorithm, entries[index]));
    },
    async swap(seen, ring, write = {}) {
      const value = encodeRing(ring, namespace, sealer);
      const key = ringKey(namespace, ring.algorithm);
      const version = await state.swap(key, seen.version, value, { ...write, durable: true });
      if (version === undefined) return false;
      // A node that is not told reads the rings again within a second.
      await state.notify(topic).catch(() => undefined);
      return true;
    },
    subscribe: (listener) => state.subscribe(topic, listener),
    sealedBy: (other) => createRingStore({ state, namespace, sealer: other }),
  };
}

/** The key of a ring in state. A ring stays: it has no ttl. */
export function ringKey(namespace: string, algorithm: KeyAlgorithm): string {
  return `${namespace}:ring:${algorithm}`;
}
