import { authorize, refusalOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { VerificationError } from '../errors.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Express's request as is used. */
export interface ExpressRequest {
  readonly headers: { readonly authorization?: string | undefined };
  auth?: AccessTokenClaims;
}

/** As much of Express's response as is used. */
export interface ExpressResponse {
  status(code: number): ExpressResponse;
  set(headers: Record<string, string>): ExpressResponse;
  json(body: unknown): unknown;
}

/** Express middleware: puts the claims into `req.auth`, or answers 401, 403 or 503. */
export function requireToken(
  verifier: Verifier,
  requirements?: Requirements,
): (
  request: ExpressRequest,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => Promise<void> {
  async function attach(request: ExpressRequest): Promise<void> {
    const claims = await authorize(verifier, request.headers.authorization, requirements);
    Object.assign(request, { auth: claims });
  }

  // Rejects never, so that Express 4, which does not look at what is returned, is served as well.
  return async (request, response, next) => {
    const failed = await attach(request).catch((error: unknown) => error);
    if (failed instanceof VerificationError) {
      const { status, headers, body } = refusalOf(failed);
      response
        .status(status)
        .set({ ...headers })
        .json(body);
    } else {
      next(failed);
    }
  };
}
