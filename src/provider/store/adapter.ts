import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What a store must do for the engine; the rest of the engine's adapter is the same for all. */
export interface ModelStore {
  upsert(id: string, payload: AdapterPayload, ttlSeconds: number | undefined): Promise<void>;
  find(id: string): Promise<AdapterPayload | undefined>;
  destroy(id: string): Promise<void>;
  consume?(id: string): Promise<void>;
  findByUid?(uid: string): Promise<AdapterPayload | undefined>;
  findByUserCode?(userCode: string): Promise<AdapterPayload | undefined>;
}

/** `store` as the engine's adapter. */
export function toAdapter(store: ModelStore): Adapter {
  return {
    upsert: (id, payload, ttlSeconds) => store.upsert(id, payload, ttlSeconds),
    find: (id) => store.find(id),
    destroy: (id) => store.destroy(id),
    consume: (id) => store.consume?.(id) ?? refuse('consumed'),
    findByUid: (uid) => store.findByUid?.(uid) ?? refuse('found by uid'),
    findByUserCode: (userCode) => store.findByUserCode?.(userCode) ?? refuse('found by user code'),
    // The grant is the truth: whoever uses a token reads it first, so there is nothing to look for. An access
    // token that is revoked alone leaves the grant and its other tokens as they are (RFC 7009 section 2.1).
    revokeByGrantId: () => Promise.resolve(),
  };
}

/** A model of a feature that is switched off. */
export const UNUSED_MODEL: ModelStore = {
  upsert: () => refuse('kept'),
  find: () => refuse('found'),
  destroy: () => refuse('destroyed'),
};

function refuse(verb: string): Promise<never> {
  return Promise.reject(new TypeError(`this model cannot be ${verb}`));
}
