import { admit, responseOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { fetchTokenRequest } from '../presentation.ts';
import type { Verifier } from '../verifier.ts';

/** Lets `handler` answer requests with a good token, and answers the others itself. For any runtime with `Request`. */
export function withToken(
  verifier: Verifier,
  handler: (request: Request, claims: AccessTokenClaims) => Response | Promise<Response>,
  requirements?: Requirements,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const admission = await admit(verifier, fetchTokenRequest(request), requirements);
    return admission.kind === 'admitted'
      ? handler(request, admission.claims)
      : responseOf(admission.refusal);
  };
}
