import { admit, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { nodeTokenRequest, type NodeRequest } from '../presentation.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Express's request as is used. */
export interface ExpressRequest extends NodeRequest {
  readonly originalUrl?: string | undefined;
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
  async function isLetIn(request: ExpressRequest, response: ExpressResponse): Promise<boolean> {
    const tokenRequest = nodeTokenRequest(request, request.originalUrl);
    const admission = await admit(verifier, tokenRequest, requirements);
    if (admission.kind === 'admitted') {
      Object.assign(request, { auth: admission.claims });
      return true;
    }
    const { status, headers, body } = admission.refusal;
    response
      .status(status)
      .set({ ...headers })
      .json(body);
    return false;
  }

  // Rejects never, so that Express 4, which does not look at what is returned, is served as well.
  return async (request, response, next) => {
    const letIn = await isLetIn(request, response).catch((error: unknown) => ({ error }));
    if (typeof letIn === 'object') next(letIn.error);
    else if (letIn) next();
  };
}
