import { decodeJwt } from 'jose';
import { errors, Provider } from 'oidc-provider';
import { sha256 } from '../../runtime/digest.ts';
import type { ModelStore } from './adapter.ts';
import type { RequestState } from './request-state.ts';

/**
 * The engine takes proofs of up to five minutes from now (RFC 9449 section 11.1), and has them remembered for five
 * minutes only: one that was made ahead would be good a second time.
 */
const AHEAD_SECONDS = 301;

/**
 * Ids of client assertions and DPoP proofs that were seen (RFC 7523 section 3, RFC 9449 section 11.1). The
 * engine looks first and writes then, so the write decides: one of many gets it.
 */
export function createReplays(state: RequestState): ModelStore {
  return {
    async upsert(id, _payload, engineTtlSeconds = 0) {
      const key = `ReplayDetection:${id}`;
      const ttlSeconds = engineTtlSeconds + AHEAD_SECONDS;
      const options = { ttlSeconds, durable: true, essential: true };
      if (!(await state.swap(key, undefined, { kind: 'ReplayDetection' }, options)))
        throw refusalOf(id);
    },
    find: async () => undefined,
    destroy: async () => undefined,
  };
}

/** RFC 7523 section 3.2 wants one error, RFC 9449 section 5 another; the engine does not say which it is about. */
function refusalOf(id: string): Error {
  const assertion = Provider.ctx?.oidc.params?.['client_assertion'];
  return typeof assertion === 'string' && idOf(assertion) === id
    ? new errors.InvalidClientAuth('the client assertion was used before')
    : new errors.InvalidDpopProof('a DPoP proof must only be used once');
}

/** As the engine makes it. The assertion has been verified: nobody is asked about one that was not. */
function idOf(assertion: string): string {
  const { iss = '', jti = '' } = decodeJwt(assertion);
  return sha256(`${iss}${jti}`);
}
