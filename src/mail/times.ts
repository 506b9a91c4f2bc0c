import { TEXT_MESSAGE } from './text-messages.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** A letter that nobody took in so long would only confuse. */
const TRIED_FOR_SECONDS = 2 * DAY;
const FIRST_PAUSE_SECONDS = MINUTE;
/** Somebody holds the telephone in their hand. */
const FIRST_PAUSE_OF_TEXT_SECONDS = 5;
const PAUSE_MAX_SECONDS = 4 * 60 * MINUTE;

/** When a letter is given up: once what it says no longer holds, or after two days. */
export function givenUpAt({ data }: { readonly data: object }, now: number): number {
  return Math.min(holdsUntil(data, now), now + TRIED_FOR_SECONDS);
}

function holdsUntil(data: object, now: number): number {
  if ('until' in data) return Number(data.until);
  return 'minutes' in data ? now + Number(data.minutes) * MINUTE : Infinity;
}

/** When to try again after `tries` tries: a minute, two, four, ... at most four hours; a text message after 5 s, 10 s, 20 s, ... */
export function nextTryAt(tries: number, now: number, name: string): number {
  const first = name === TEXT_MESSAGE ? FIRST_PAUSE_OF_TEXT_SECONDS : FIRST_PAUSE_SECONDS;
  return now + Math.min(first * 2 ** (tries - 1), PAUSE_MAX_SECONDS);
}
