import { decodeJwt } from 'jose';
import { errors, Provider } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { ModelStore } from './adapter.ts';
import type { RequestState } from './request-state.ts';

/**
 * The engine takes proofs of up to five minutes from now (RFC 9449 section 11.1), and has them remembered for five
 * minutes only: one that was made ahead would be good a second time.
 */
const AHEAD_SECONDS = 301;

/** How old an assertion is taken to be that does not say when it was made, which RFC 7523 leaves to its client. */
const AGE_SECONDS = 60;

/**
 * Ids of client assertions and DPoP proofs that were seen (RFC 7523 section 3, RFC 9449 section 11.1). The
 * engine looks first and writes then, so the write decides: one of many gets it. What was made before a Redis failed
 * over is refused: that it was seen may have been lost.
 */
export function createReplays(state: RequestState, clock: Clock): ModelStore {
  return {
    async upsert(id, _payload, engineTtlSeconds = 0) {
      const key = `ReplayDetection:${id}`;
      const ttlSeconds = engineTtlSeconds + AHEAD_SECONDS;
      const seen = readSeen(id);
      const madeAt = seen.madeAt ?? clock.now() - AGE_SECONDS;
      const options = { ttlSeconds, durable: true, essential: true, madeAt };
      if (await state.swap(key, undefined, { kind: 'ReplayDetection' }, options)) return;
      throw seen.isAssertion
        ? new errors.InvalidClientAuth('the client assertion was used before')
        : new errors.InvalidDpopProof('a DPoP proof must only be used once');
    },
    find: async () => undefined,
    destroy: async () => undefined,
  };
}

/** What a proof that was seen says of itself. */
interface Seen {
  /** RFC 7523 section 3.2 wants one error, RFC 9449 section 5 another; the engine does not say which it is about. */
  readonly isAssertion: boolean;
  readonly madeAt: number | undefined;
}

/** Both have been verified: nobody is asked about one that was not. */
function readSeen(id: string): Seen {
  const { ctx } = Provider;
  const assertion = ctx?.oidc.params?.['client_assertion'];
  if (typeof assertion === 'string') {
    const { iss = '', jti = '', iat, nbf } = decodeJwt(assertion);
    // As the engine makes it.
    if (sha256(`${iss}${jti}`) === id) return { isAssertion: true, madeAt: iat ?? nbf };
  }
  const proof = ctx?.get('DPoP');
  return { isAssertion: false, madeAt: proof ? decodeJwt(proof).iat : undefined };
}
