import { hash } from 'node:crypto';
import type { Logger } from '../runtime/logger.ts';

/** Whether a password is among those that leaked anywhere. */
export type IsBreached = (password: string) => Promise<boolean>;

const PREFIX_CHARACTERS = 5;
const TIMEOUT_MS = 1000;

export interface BreachServiceOptions {
  /** What the prefix is put behind. */
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly logger: Logger;
}

/**
 * Asks a range service, as "Have I Been Pwned" has it: it learns five of forty hexadecimal digits of a SHA-1, which a
 * million passwords share, and the answer is padded so that its length tells nothing. When it does not answer within a
 * second the password is taken: an outage elsewhere must not keep people from changing theirs.
 */
export function createBreachService({ url, fetch, logger }: BreachServiceOptions): IsBreached {
  return async (password) => {
    // The protocol of the service wants SHA-1, which protects nothing here.
    const digest = hash('sha1', password, 'hex').toUpperCase();
    const prefix = digest.slice(0, PREFIX_CHARACTERS);
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/${prefix}`, {
        headers: { 'Add-Padding': 'true' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`the service answered ${response.status}`);
      return isIn(await response.text(), digest.slice(PREFIX_CHARACTERS));
    } catch (error) {
      logger.warn(
        {
          event: 'password.breach_check_failed',
          error: error instanceof Error ? error : undefined,
        },
        'could not ask whether a new password has leaked; it was taken',
      );
      return false;
    }
  };
}

/** A line is `SUFFIX:COUNT`; those of the padding count nothing. */
function isIn(answer: string, suffix: string): boolean {
  return answer.split(/\r?\n/).some((line) => {
    const [found, count] = line.split(':');
    return found?.toUpperCase() === suffix && Number(count) > 0;
  });
}
