import { sha256 } from '../../runtime/digest.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import { object, ofKind, text, toJson, toPayload } from './payloads.ts';
import type { RequestState } from './request-state.ts';
import type { Validity } from './validity.ts';

/** Tokens that are their own key, kept under their SHA-256. Without a ttl they stay until they are destroyed. */
export function createOpaqueTokens(
  kind: string,
  options: {
    readonly state: RequestState;
    readonly scopes: RequestScopes;
    readonly validity: Validity;
  },
): ModelStore {
  const { state, scopes, validity } = options;
  const keyOf = (id: string): string => `${kind}:${sha256(id)}`;

  return {
    async upsert(id, payload, ttlSeconds) {
      const { jti: _, ...kept } = toJson(payload);
      const value = { kind, payload: kept, mark: scopes.current().mark ?? '' };
      // It completes a redemption that was made already: of a code, or of what proved the client.
      await state.put(keyOf(id), value, { ttlSeconds, essential: true });
    },
    async find(id) {
      const value = ofKind(await state.get(keyOf(id)), kind);
      if (value === undefined) return undefined;
      const found = toPayload(object(value, 'payload') ?? {}, id);
      return (await validity.isValid(found, text(value, 'mark') ?? '')) ? found : undefined;
    },
    destroy: async (id) => void (await state.delete(keyOf(id))),
  };
}
