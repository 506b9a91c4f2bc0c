import type { Version } from '../state.ts';
import { isStampOf, stampOf, type Reign } from './reigns.ts';

/** Keeps what happens once from happening again after a loss: at each connection, that of the Redis behind it. */
export interface Fence {
  /** `attempt` as the version of something that happens once. */
  stamp(attempt: string): Version;
  /** False: the entry with this version happens once, and may have happened in a write that was lost. */
  admits(version: Version): boolean;
  /** False: what was made at `madeAt` (NumericDate) may have left a mark that was lost. */
  isAfterLoss(madeAt: number): boolean;
}

/** The other masters of a Cluster, from which an entry may have moved here. */
export interface Neighbours {
  /** Whether the Cluster, when it was last asked, named this master. */
  isNamed(): boolean;
  /** Of all that it named. */
  reigns(): readonly Reign[];
}

const STAMP = '@';

/**
 * `reign`: of the Redis behind a connection, undefined before it has said so. A Redis that was never promoted holds an
 * entry of a neighbour because its slot has moved; one that was may hold it as that neighbour's heir, until the
 * Cluster names both.
 */
export function createFence(reign: () => Reign | undefined, neighbours?: Neighbours): Fence {
  function hasMovedHere(stamp: string, own: Reign): boolean {
    if (neighbours === undefined || (own.heirOf !== '' && !neighbours.isNamed())) return false;
    return neighbours.reigns().some((other) => isStampOf(other, stamp));
  }

  return {
    stamp(attempt) {
      const own = reign();
      return own === undefined ? attempt : `${attempt}${STAMP}${stampOf(own)}`;
    },
    admits(version) {
      const at = version.indexOf(STAMP);
      if (at < 0) return true;
      const own = reign();
      const stamp = version.slice(at + STAMP.length);
      return own !== undefined && (isStampOf(own, stamp) || hasMovedHere(stamp, own));
    },
    isAfterLoss(madeAt) {
      const own = reign();
      return own !== undefined && Math.floor(madeAt) > own.since();
    },
  };
}
