import type { Clock } from '../runtime/clock.ts';

const JUMP_SECONDS = 3600;
const CONFIRMED_AFTER_SECONDS = 60;

/** Holds the clock of the machine against time that only passes. */
export interface ClockWatch {
  /**
   * To be asked again and again. False for a minute after the clock has jumped by more than an hour: long
   * enough for a wrong time to be set right before a ring is changed by it. Then the new time is believed.
   */
  isTrusted(): boolean;
}

/** A watch that believes the time it finds at its making. `elapsedMs` never goes back. */
export function createClockWatch(clock: Clock, elapsedMs: () => number): ClockWatch {
  let wallMs = clock.nowMs();
  let elapsed = elapsedMs();
  let jumpedAtMs = -Infinity;
  return {
    isTrusted() {
      const [wallNow, elapsedNow] = [clock.nowMs(), elapsedMs()];
      const jumpMs = wallNow - wallMs - (elapsedNow - elapsed);
      [wallMs, elapsed] = [wallNow, elapsedNow];
      if (Math.abs(jumpMs) > JUMP_SECONDS * 1000) jumpedAtMs = elapsedNow;
      return elapsedNow - jumpedAtMs >= CONFIRMED_AFTER_SECONDS * 1000;
    },
  };
}
