import { availableParallelism } from 'node:os';
import { randomId } from '../runtime/random.ts';
import { PasswordsBusy } from './accounts.ts';
import { createBoundedQueue } from './bounded-queue.ts';
import type { SignInSettings } from './config.ts';
import { isKnownHash } from './hash-formats.ts';
import type { HashQuestion } from './hash-thread.ts';
import { createHashThreads } from './hash-threads.ts';
import { costOf, isPasswordTooLong, normalizePassword } from './rules.ts';

/** What became of holding a password against a hash. `busy`: too many are waiting, nothing was done. */
type Verdict = 'match' | 'mismatch' | 'busy';

/** Hashes off the event loop, a bounded number at once: Argon2id, and to verify once those of other systems. */
export interface Passwords {
  /** A PHC string. @throws {PasswordsBusy} when too many are waiting. */
  hash(password: string): Promise<string>;
  /**
   * Costs one hash whatever is given: without a hash to hold the password against, `decoy` takes its place, or a
   * made-up one of the configured cost, and the verdict is `mismatch`.
   */
  verify(hash: string | undefined, password: string, decoy?: string): Promise<Verdict>;
  /** Made with another cost than the configured one, or by another system. */
  isOutdated(hash: string): boolean;
}

/** How soon a place in the queue is likely to be free again. */
export const BUSY_RETRY_SECONDS = 2;

/**
 * When so many wait, it is a storm: hashes give way to whoever wants a token. A hash that nobody waits behind does
 * not, since each time that it does costs it what it had in the caches of the core.
 */
const CROWD = 16;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Passwords at the cost of `settings`. */
export function createPasswords(settings: SignInSettings['argon2']): Passwords {
  const { memoryKib, iterations, parallelism } = settings;
  const atOnce = running(settings.atOnce);
  // Each thread has the next at hand: it need not wait for the event loop, nor wake it, between two hashes.
  const atHand = Math.min(atOnce, settings.waitingMax);
  const queue = createBoundedQueue({
    running: atOnce + atHand,
    waiting: settings.waitingMax - atHand,
  });
  const threads = createHashThreads(atOnce);
  const nobodys = madeUpHash(settings);
  const cost = {
    memoryCost: memoryKib,
    timeCost: iterations,
    parallelism,
    outputLen: HASH_BYTES,
  };

  function ask(question: HashQuestion): Promise<string | boolean> {
    return threads.ask(question, queue.waiting() >= CROWD);
  }

  return {
    async hash(password) {
      const normal = normalizePassword(password);
      const phc = await queue.run(() => ask({ kind: 'hash', password: normal, cost }));
      if (phc === undefined) throw new PasswordsBusy(BUSY_RETRY_SECONDS);
      return String(phc);
    },

    async verify(theirs, password, decoy = nobodys) {
      if (isPasswordTooLong(password)) return 'mismatch';
      const isTheirs = theirs !== undefined && isKnownHash(theirs);
      const against = isTheirs ? theirs : decoy;
      const normal = normalizePassword(password);
      const matches = await queue.run(() => ask({ kind: 'verify', password: normal, against }));
      if (matches === undefined) return 'busy';
      return matches === true && isTheirs ? 'match' : 'mismatch';
    },

    isOutdated(phc) {
      const theirs = costOf(phc);
      return (
        theirs?.memoryKib !== memoryKib ||
        theirs.iterations !== iterations ||
        theirs.parallelism !== parallelism
      );
    },
  };
}

/** More at once than cores only slow each other, and as many as cores whoever wants a token meanwhile. */
function running(atOnce: SignInSettings['argon2']['atOnce']): number {
  const cores = availableParallelism();
  return atOnce === 'auto' ? Math.max(1, cores - 1) : Math.min(atOnce, cores);
}

/** The hash of nothing anybody knows: as dear to hold a password against as a real one. */
function madeUpHash({ memoryKib, iterations, parallelism }: SignInSettings['argon2']): string {
  // A PHC string writes the alphabet of plain base64.
  const text = (bytes: number): string => randomId(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${text(SALT_BYTES)}$${text(HASH_BYTES)}`;
}
