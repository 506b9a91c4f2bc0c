import { openMaster, type Master } from './master.ts';
import type { Reign } from './reigns.ts';
import type { TopologyOptions } from './single.ts';
import type { SlotMap } from './slot-map.ts';
import { addressOf } from './slots.ts';

/** The masters of a Cluster that we are connected to. */
export interface Masters {
  /** The one at `host:port`, connected to when it is not yet. */
  at(node: string): Master;
  all(): readonly Master[];
  /** Takes leave of those that have long not been among `nodes`. */
  retireAllBut(nodes: ReadonlySet<string>): void;
  close(): Promise<void>;
}

interface MastersOptions extends TopologyOptions {
  readonly map: Pick<SlotMap, 'named'>;
}

/** Longer than one node of a Cluster can know less than another, so that nobody is left and met again. */
const RETIRES_AFTER_MS = 30_000;

export function createMasters(options: MastersOptions): Masters {
  const { map } = options;
  const masters = new Map<string, Master>();
  const idleSince = new Map<string, number>();
  const leaving = new Set<Promise<void>>();

  function reigns(): readonly Reign[] {
    const named = [...map.named()].map((node) => masters.get(node)?.reign());
    return named.filter((reign) => reign !== undefined);
  }

  function open(node: string): Master {
    const master = openMaster({
      ...options,
      redis: { ...options.redis, ...addressOf(node) },
      place: {
        mode: 'cluster',
        name: node,
        called: `the Redis ${node} of storage.state.redis.cluster`,
      },
      neighbours: { isNamed: () => map.named().has(node), reigns },
    });
    masters.set(node, master);
    return master;
  }

  function retire(node: string, master: Master): void {
    masters.delete(node);
    idleSince.delete(node);
    const left = master.close().finally(() => leaving.delete(left));
    leaving.add(left);
  }

  return {
    at: (node) => masters.get(node) ?? open(node),
    all: () => [...masters.values()],
    retireAllBut(nodes) {
      const now = performance.now();
      for (const [node, master] of masters) {
        if (nodes.has(node)) idleSince.delete(node);
        else if (!idleSince.has(node)) idleSince.set(node, now);
        else if (now - (idleSince.get(node) ?? now) > RETIRES_AFTER_MS) retire(node, master);
      }
    },
    async close() {
      await Promise.all([...leaving, ...[...masters.values()].map((master) => master.close())]);
    },
  };
}
