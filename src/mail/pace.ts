/** How many letters may begin, so that never more than so many do within a second. */
export interface Pace {
  /** How many may begin now. */
  room(nowMs: number): number;
  begun(letters: number, nowMs: number): void;
  /** Seconds until one more may begin; 0: one may now. */
  waitSeconds(nowMs: number): number;
}

const SECOND_MS = 1000;

/** A bucket that holds a second's worth. */
export function createPace(perSecond: number): Pace {
  const eachMs = SECOND_MS / perSecond;
  /** When all that has begun will have been paid for. */
  let paidAtMs = 0;
  const owed = (nowMs: number): number => Math.max(0, paidAtMs - nowMs);
  return {
    room: (nowMs) => Math.floor((SECOND_MS - owed(nowMs)) / eachMs),
    begun(letters, nowMs) {
      paidAtMs = nowMs + owed(nowMs) + letters * eachMs;
    },
    waitSeconds: (nowMs) => Math.max(0, owed(nowMs) + eachMs - SECOND_MS) / SECOND_MS,
  };
}
