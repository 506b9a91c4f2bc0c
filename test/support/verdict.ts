import { setTimeout as delay } from 'node:timers/promises';
import {
  RevocationUnknown,
  type AccessTokenClaims,
  type Verifier,
} from '../../verifier/src/index.ts';

/**
 * What a verifier that follows the feed says of a token as soon as it can tell. In a process that has just stood still
 * for a second, as on a busy machine, it does not know what was revoked meanwhile, and refuses everything.
 */
export async function verdictOn(verifier: Verifier, token: string): Promise<AccessTokenClaims> {
  for (;;) {
    try {
      return await verifier.verify(token);
    } catch (error) {
      if (!(error instanceof RevocationUnknown)) throw error;
      await delay(20);
    }
  }
}

/** The same of an API that asks such a verifier: what it answers as soon as it can tell, which it says by 503. */
export async function answerOf(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await delay(20);
  }
}
