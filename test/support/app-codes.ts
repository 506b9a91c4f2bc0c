import { setTimeout as delay } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';

const STEP_MS = 30_000;
/** A code that is typed takes no longer than this to come in, however busy the machine is. */
const TYPING_MS = 10_000;

/** The code that an app with this key shows now. */
export function codeOf(key: string, timestamp = Date.now()): string {
  return new TOTP({ secret: Secret.fromBase32(key.replaceAll(' ', '')) }).generate({ timestamp });
}

/**
 * Codes of the app, each of another step of time, as one that was used is of no use again: up to three at once, as the
 * steps beside the present one count as well. The one before does not where it would end while it is typed. One whose
 * step is too far away is waited for.
 */
export function codesOf(key: string): () => Promise<string> {
  let step = 0;
  return async () => {
    const before = Math.floor((Date.now() + TYPING_MS) / STEP_MS) - 1;
    step = Math.max(step + 1, before);
    const countsFromMs = (step - 1) * STEP_MS;
    if (countsFromMs > Date.now()) await delay(countsFromMs - Date.now());
    return codeOf(key, step * STEP_MS);
  };
}
