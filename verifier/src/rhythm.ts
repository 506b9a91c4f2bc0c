/** Until the feed has said how often it speaks. */
const HEARTBEAT_MS = 250;
/** So many heartbeats may be missed, where nobody says otherwise. */
const BEATS = 4;
/** A connection that is asked for may take its time, the more so the more often it failed. */
const FIRST_WORD_MS = 1000;
const FIRST_WORD_MS_MAX = 5000;

/** What silence of the feed is borne, by how often it says that it speaks. */
export interface Rhythm {
  hear(heartbeatMs: number): void;
  /** Nobody can tell any more what was revoked. */
  silentAfterMs(): number;
  /** The next word is overdue: half of the silence that is borne, but more than a heartbeat. */
  overdueAfterMs(): number;
  /** The connection is given up for another: while there is still a while left to hear of what is new. */
  giveUpAfterMs(): number;
  /** How long the first word of a connection may take. `attempt`: how often it was tried before. */
  firstWordMs(attempt: number): number;
}

/** `chosenMs`: the silence that the owner of the API bears; undefined: four heartbeats. */
export function createRhythm(chosenMs: number | undefined): Rhythm {
  let heartbeatMs = HEARTBEAT_MS;
  const silentAfterMs = (): number => chosenMs ?? BEATS * heartbeatMs;
  const overdueAfterMs = (): number =>
    Math.min(silentAfterMs(), Math.max(silentAfterMs() / 2, 1.5 * heartbeatMs));
  return {
    hear(ms) {
      heartbeatMs = ms;
    },
    silentAfterMs,
    overdueAfterMs,
    giveUpAfterMs: () => Math.max(overdueAfterMs(), 0.75 * silentAfterMs()),
    firstWordMs: (attempt) =>
      Math.min(FIRST_WORD_MS_MAX, Math.max(silentAfterMs(), FIRST_WORD_MS) * 2 ** attempt),
  };
}
