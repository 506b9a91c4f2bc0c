import { authorize, refusalOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import type { Verifier } from '../verifier.ts';

/** Lets `handler` answer requests with a good token, and answers the others itself. For any runtime with `Request`. */
export function withToken(
  verifier: Verifier,
  handler: (request: Request, claims: AccessTokenClaims) => Response | Promise<Response>,
  requirements?: Requirements,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const header = request.headers.get('authorization') ?? undefined;
    const allowed = await authorize(verifier, header, requirements).catch(responseOf);
    return allowed instanceof Response ? allowed : handler(request, allowed);
  };
}

function responseOf(error: unknown): Response {
  const { status, headers, body } = refusalOf(error);
  return Response.json(body, { status, headers });
}
