import type { Advice } from '../../provider/advice.ts';
import { ScriptFailed } from '../../scripts/failures.ts';
import { allowedClaims } from './allowed-claims.ts';
import type { Outcome } from './messages.ts';

/** Of one token, as JSON: headers with more are refused on the way to an API. */
const CLAIMS_MAX = 16_384;
/** RFC 6749 section 3.3. */
const SCOPE = /^[\u0021\u0023-\u005b\u005d-\u007e]+$/;
/** What is issued beside the access token hangs on these. */
const NOT_AN_ACTIONS = new Set(['openid', 'offline_access']);

/** What of `outcome` can be done, and the names of what cannot. @throws {ScriptFailed} when it is too much. */
export function adviceOf(outcome: Outcome): {
  readonly advice: Advice;
  readonly dropped: readonly string[];
} {
  const idToken = allowedClaims(outcome.idToken, 'id');
  const accessToken = allowedClaims(outcome.accessToken, 'access');
  for (const { kept } of [idToken, accessToken])
    if (JSON.stringify(kept).length > CLAIMS_MAX)
      throw new ScriptFailed('failed', `claims of a token come to more than ${CLAIMS_MAX} bytes`);
  const isScope = (name: string): boolean => SCOPE.test(name) && !NOT_AN_ACTIONS.has(name);
  const { addedScopes, removedScopes } = outcome;
  return {
    advice: {
      idToken: idToken.kept,
      accessToken: accessToken.kept,
      addedScopes: addedScopes.filter(isScope),
      removedScopes,
    },
    dropped: [
      ...idToken.dropped,
      ...accessToken.dropped,
      ...addedScopes.filter((name) => !isScope(name)),
    ],
  };
}
