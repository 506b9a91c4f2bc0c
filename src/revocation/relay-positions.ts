import type { FollowerPosition } from './feed-positions.ts';
import type { RelayReport } from './relay-report.ts';

/** A relay says at least every five seconds how far its followers are. */
const REPORT_MS = 15_000;
const RELAYS_MAX = 1000;

/** Where those stand who follow relays, by what the relays say. */
export interface RelayPositions {
  /** Replaces what this relay said before. */
  report(
    relay: { readonly name: string; readonly client: string | undefined },
    report: RelayReport,
  ): void;
  list(): readonly FollowerPosition[];
}

export function createRelayPositions(): RelayPositions {
  /** By client and name of the relay. */
  const relays = new Map<
    string,
    { readonly positions: readonly FollowerPosition[]; readonly untilMs: number }
  >();

  function forgetOld(): void {
    const now = performance.now();
    for (const [key, { untilMs }] of relays) if (untilMs < now) relays.delete(key);
  }

  return {
    report({ name: via, client }, report) {
      const key = `${client ?? ''} ${via}`;
      forgetOld();
      if (relays.size >= RELAYS_MAX && !relays.has(key)) return;
      const positions = report.map((one) => ({ ...one, client, kind: 'stream' as const, via }));
      relays.set(key, { positions, untilMs: performance.now() + REPORT_MS });
    },
    list() {
      forgetOld();
      return [...relays.values()].flatMap(({ positions }) => positions);
    },
  };
}
