import type { AdapterPayload } from 'oidc-provider';
import type { Revocation } from '../../revocation/revocation.ts';
import { sha256 } from '../../runtime/digest.ts';
import { CLAIM, textsOf } from '../access-token-claims.ts';
import type { RequestState } from './request-state.ts';

/** Whether something we keep was taken back since. */
export interface Validity {
  /**
   * Holds `payload`, issued under `mark`, against what was revoked, and fetches ahead what the engine asks
   * next: grant and session.
   *
   * @throws {RevocationUnknown} when this node cannot know.
   */
  isValid(payload: AdapterPayload, mark: string): Promise<boolean>;
}

/** For what no revocation is about. */
export const ALWAYS_VALID: Validity = { isValid: async () => true };

/** `grantKey`, `sessionKey`: where the grant and the session of a token lie. */
export function createValidity(options: {
  readonly state: RequestState;
  readonly revocation: Revocation;
  readonly grantKey: (grantId: string) => string;
  readonly sessionKey: (uid: string) => string;
  /** Who takes a token back needs no grant for it. */
  readonly isAtRevocation: () => boolean;
}): Validity {
  const { state, revocation, grantKey, sessionKey, isAtRevocation } = options;
  return {
    async isValid(payload, mark) {
      const { grantId, sessionUid, expiresWithSession, accountId, clientId, jti } = payload;
      const boundSession = expiresWithSession === true ? sessionUid : undefined;
      state.prefetch([
        ...(grantId === undefined || isAtRevocation() ? [] : [grantKey(grantId)]),
        ...(boundSession === undefined ? [] : [sessionKey(boundSession)]),
      ]);
      return !(await revocation.isRevoked({
        jti: sha256(jti ?? ''),
        grantId,
        sessionUid: boundSession,
        accountId,
        clientId: clientId ?? '',
        from: textsOf(payload.extra?.[CLAIM.from]),
        mark,
      }));
    },
  };
}
