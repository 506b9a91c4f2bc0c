import type { Letter } from './mail.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** A letter that nobody took in so long would only confuse. */
const TRIED_FOR_SECONDS = 2 * DAY;
const FIRST_PAUSE_SECONDS = MINUTE;
const PAUSE_MAX_SECONDS = 4 * 60 * MINUTE;

/** When a letter is given up: once what it says no longer holds, or after two days. */
export function givenUpAt({ data }: Pick<Letter, 'data'>, now: number): number {
  return Math.min(holdsUntil(data, now), now + TRIED_FOR_SECONDS);
}

function holdsUntil(data: Letter['data'], now: number): number {
  if ('until' in data) return data.until;
  return 'minutes' in data ? now + data.minutes * MINUTE : Infinity;
}

/** When to try again after `tries` tries: a minute, two, four, ... at most four hours. */
export function nextTryAt(tries: number, now: number): number {
  return now + Math.min(FIRST_PAUSE_SECONDS * 2 ** (tries - 1), PAUSE_MAX_SECONDS);
}
