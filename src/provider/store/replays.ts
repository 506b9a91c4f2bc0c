import { errors } from 'oidc-provider';
import type { ModelStore } from './adapter.ts';
import type { RequestState } from './request-state.ts';

/**
 * Ids of client assertions and DPoP proofs that were seen (RFC 7523 section 3, RFC 9449 section 11.1). The
 * engine looks first and writes then, so the write decides: one of many gets it.
 */
export function createReplays(state: RequestState): ModelStore {
  return {
    async upsert(id, _payload, ttlSeconds) {
      const key = `ReplayDetection:${id}`;
      const options = { ttlSeconds, durable: true, essential: true };
      if (!(await state.swap(key, undefined, { kind: 'ReplayDetection' }, options)))
        throw new errors.InvalidRequest('a proof or assertion must only be used once');
    },
    find: async () => undefined,
    destroy: async () => undefined,
  };
}
