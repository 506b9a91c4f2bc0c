import type { Link } from './link.ts';
import type { Masters } from './masters.ts';
import type { SlotMap } from './slot-map.ts';
import type { Ways } from './topology.ts';

interface ClusterWaysOptions {
  readonly map: SlotMap;
  readonly masters: Masters;
  /** The connection that tells of the slots. */
  readonly guide: Link;
  readonly onMoved: () => void;
}

/** The way to a key of a Cluster: to the master of its slot, which may be another one any moment. */
export function createClusterWays({ map, masters, guide, onMoved }: ClusterWaysOptions): Ways {
  function mainOf(name: string): Link | undefined {
    const node = map.nodeOf(name);
    return node === undefined ? undefined : masters.at(node).lanes.main.link;
  }

  return {
    lanesOf(name) {
      const node = map.nodeOf(name);
      return node === undefined ? undefined : masters.at(node).lanes;
    },
    lanesAt: (node) => masters.at(node).lanes,
    moved({ slot, node }) {
      map.set(slot, node);
      onMoved();
    },
    async untilReady(name, limitMs) {
      const until = performance.now() + limitMs;
      for (;;) {
        const link = mainOf(name);
        if (link?.isReady()) return true;
        if (!link && guide.isReady()) return false;
        // Either its master comes back, or the Cluster makes another one.
        const isBack = await Promise.race([
          (link ?? guide).untilReady(Math.max(0, until - performance.now())),
          map.nextChange().then(() => true),
        ]);
        if (!isBack) return false;
      }
    },
    troubleOf: (name) => (mainOf(name) ?? guide).trouble(),
  };
}
