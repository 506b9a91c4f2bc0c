import { setTimeout as delay } from 'node:timers/promises';
import { startStallWatch } from './stall-watch.ts';

/** After so long the watch has noticed a stall that the end fell into; what is shorter needs no excuse. */
const NOTICED_MS = 25;

/**
 * Milliseconds until `isSo`, less those for which this machine stood still: a promise of so many milliseconds is
 * broken by what is slow, not by a machine that does other things. The test's own limit ends it.
 */
export async function timeUntil(isSo: () => boolean | Promise<boolean>): Promise<number> {
  return await timeOf(async () => {
    while (!(await isSo())) await delay(1);
  });
}

/** Milliseconds that `act` takes, in the same way. */
export async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const stalls = startStallWatch();
  const beganMs = performance.now();
  try {
    await act();
    const endedMs = performance.now();
    if (endedMs - beganMs > NOTICED_MS) await delay(NOTICED_MS);
    return endedMs - beganMs - stalls.between(beganMs, endedMs);
  } finally {
    stalls.stop();
  }
}
