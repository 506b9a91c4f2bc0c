import { LatchkeyError } from '../runtime/errors.ts';

/** What a client is told to wait before it asks again. */
export const RETRY_AFTER_SECONDS = 2;

/** Faults after which we cannot know, or cannot do, but soon may: 503, and nothing is issued. */
const OUTAGES: ReadonlySet<string> = new Set([
  'ERR_STATE_UNAVAILABLE',
  'ERR_STATE_FULL',
  'ERR_RECORDS_UNAVAILABLE',
  'ERR_REVOCATION_UNKNOWN',
  'ERR_REVOCATION_UNCONFIRMED',
  'ERR_KEY_NOT_SIGNING',
  'ERR_SIGNING_SUSPENDED',
]);
const DEPTH_MAX = 4;

/**
 * Whether `error`, or what it wraps, is an outage of a room that we lean on. The engine lets such errors
 * through from every adapter and hook, and takes them for its own bugs; this is where they are told apart.
 */
export function isOutage(error: unknown, depth = 0): boolean {
  if (error instanceof LatchkeyError && OUTAGES.has(error.code)) return true;
  if (!(error instanceof Error) || depth >= DEPTH_MAX) return false;
  return isOutage(error.cause, depth + 1);
}
