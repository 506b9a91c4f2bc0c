import type { Clock } from '../../runtime/clock.ts';
import type { ModelStore } from './adapter.ts';

/**
 * `store`, whose tokens are found at the revocation endpoint though this node's clock says that they have
 * expired. A node whose clock is ahead would else answer 200, which the engine does for tokens that it does
 * not find, and leave the token good at all others.
 */
export function createRevocable(
  store: ModelStore,
  { isAtRevocation, clock }: { readonly isAtRevocation: () => boolean; readonly clock: Clock },
): ModelStore {
  return {
    ...store,
    async find(id) {
      const found = await store.find(id);
      if (found?.exp === undefined || !isAtRevocation()) return found;
      return { ...found, exp: Math.max(found.exp, clock.now() + 1) };
    },
  };
}
