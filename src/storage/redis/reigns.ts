import type { Clock } from '../../runtime/clock.ts';
import type { ServerFacts } from './server-facts.ts';

/**
 * The time of one Redis as the master, from its start or its promotion on. Another one begins exactly when what was
 * acknowledged last may be lost.
 */
export interface Reign {
  /** Which start of which server. */
  readonly server: string;
  /** Whose history it took over as a replica; empty: nobody's, for as long as Redis remembers. */
  readonly heirOf: string;
  /** NumericDate, by the clock as it is set now: what was made later was not made before it began. */
  since(): number;
}

/** Enough hexadecimal digits to tell servers apart, and few enough for every entry to hold. */
const HANDLE_CHARACTERS = 10;

/** Gives the reign that a Redis tells of; the same one for as long as it tells of no other. */
export function createReigns(clock: Clock): (facts: ServerFacts) => Reign {
  let known: Reign | undefined;
  return (facts) => {
    const server = facts.runId.slice(0, HANDLE_CHARACTERS);
    const heirOf = facts.heirOf.slice(0, HANDLE_CHARACTERS);
    if (known?.server === server && known.heirOf === heirOf) return known;
    // When a replica was promoted, Redis does not say: not later than we see it.
    const began = heirOf === '' ? clock.now() - facts.uptimeSeconds : clock.now();
    const wasSetBy = watchClock(clock);
    known = { server, heirOf, since: () => began + wasSetBy() };
    return known;
  };
}

/** By how many seconds the clock was set since: an instant of before is called otherwise now. */
function watchClock(clock: Clock): () => number {
  const aheadMs = (): number => clock.nowMs() - performance.now();
  const seen = aheadMs();
  return () => Math.round((aheadMs() - seen) / 1000);
}

/** The reign as an entry of it holds it. */
export function stampOf({ server, heirOf }: Pick<Reign, 'server' | 'heirOf'>): string {
  return `${server}.${heirOf}`;
}

/**
 * Whether `stamp` is of this reign. Redis forgets whose heir it is once it has long had no replica: then it has not
 * been promoted since anything was stamped that is kept still.
 */
export function isStampOf(reign: Reign, stamp: string): boolean {
  return reign.heirOf === '' ? stamp.startsWith(`${reign.server}.`) : stamp === stampOf(reign);
}
