import { errors } from 'oidc-provider';
import type { Revocation } from '../../revocation/revocation.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { RequestScopes } from '../request-scope.ts';
import { mergeGrants } from './grant-merge.ts';
import { number, ofKind, text } from './payloads.ts';
import type { RequestState } from './request-state.ts';

const SWAPS_MAX = 20;
const DEAD = 'DeadGrant';

/** What stands in place of a grant that has ended, so that none can have its id again. */
export const ENDED_GRANT = { kind: DEAD } as const;

/** Where a grant lies. */
export function grantKey(grantId: string): string {
  return `grant:${grantId}`;
}

/** The set of the grants that a client holds of a person. It may name some that have ended. */
export function grantsOfKey(accountId: string, clientId: string): string {
  return `grants:${sha256(`${accountId} ${clientId}`)}`;
}

/**
 * What a person allowed a client in one session: the truth about everything issued under it. Codes and
 * tokens are kept elsewhere and never looked for: whoever uses one reads the grant first.
 */
export interface Grants {
  key(grantId: string): string;
  find(grantId: string): Promise<JsonObject | undefined>;
  /** Ended, so that no grant can have this id again. */
  isEnded(grantId: string): Promise<boolean>;
  /** Nobody can have known this id before now: it need not be looked for. */
  isNew(grantId: string): void;
  /**
   * Adds what `payload` allows to what is kept, so that two tabs lose nothing of each other.
   *
   * @throws {errors.InvalidGrant} when the grant has ended: nothing brings it back.
   */
  save(grantId: string, payload: JsonObject): Promise<void>;
  /** Ends it for good, and says so to everyone who verifies tokens. Resolves once that is durable. */
  end(grantId: string, reason: string): Promise<void>;
}

/** `longestSeconds`: how long the tombstone of a grant must stand, the longest life of anything under it. */
export function createGrants(options: {
  readonly state: RequestState;
  readonly revocation: Revocation;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly longestSeconds: number;
}): Grants {
  const { state, revocation, scopes, clock, longestSeconds } = options;

  return {
    key: grantKey,
    find: async (grantId) => ofKind(await state.get(grantKey(grantId)), 'Grant'),
    isEnded: async (grantId) => ofKind(await state.get(grantKey(grantId)), DEAD) !== undefined,
    isNew: (grantId) => state.assumeAbsent(grantKey(grantId)),
    async save(grantId, payload) {
      let seen = await state.get(grantKey(grantId));
      for (let round = 0; round < SWAPS_MAX; round += 1) {
        if (ofKind(seen, DEAD)) throw new errors.InvalidGrant('the grant has ended');
        const value = mergeGrants(ofKind(seen, 'Grant'), payload);
        const expiresAt = number(value, 'exp') ?? 0;
        const ttlSeconds = Math.max(1, expiresAt - clock.now());
        // Nothing is issued before both are written, so whoever lists the grants of a person misses none.
        const [version] = await Promise.all([
          state.swap(grantKey(grantId), seen, value, { ttlSeconds }),
          state.add(holderKey(value), grantId, expiresAt),
        ]);
        if (version !== undefined) return;
        seen = await state.refresh(grantKey(grantId));
      }
      throw new Error('a grant that changes faster than it can be written');
    },
    async end(grantId, reason) {
      await state.put(grantKey(grantId), ENDED_GRANT, {
        ttlSeconds: longestSeconds,
        durable: true,
        essential: true,
      });
      // The record first, the word about it after: a node that issues in between carries an older mark.
      const { origin } = scopes.current();
      await revocation.revoke(
        { kind: 'grant', grantId },
        { reason, actor: { by: 'protocol', origin } },
      );
    },
  };
}

function holderKey(grant: JsonObject): string {
  return grantsOfKey(text(grant, 'accountId') ?? '', text(grant, 'clientId') ?? '');
}
