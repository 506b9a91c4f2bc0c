import type { AdapterPayload } from 'oidc-provider';
import { equalSecrets, sha256 } from '../runtime/digest.ts';

/** RFC 7636 section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/;

/** Whether `verifier` is what the code challenge of a request was made of (RFC 7636 section 4.6), by S256. */
export function answersChallenge(
  { codeChallenge = '', codeChallengeMethod }: AdapterPayload,
  verifier: string,
): boolean {
  return (
    codeChallengeMethod === 'S256' &&
    VERIFIER.test(verifier) &&
    equalSecrets(codeChallenge, sha256(verifier))
  );
}
