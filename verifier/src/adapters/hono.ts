import { admit, responseOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { fetchTokenRequest } from '../presentation.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Hono's context as is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  set(key: 'auth', claims: AccessTokenClaims): void;
}

/** What the middleware gives to Hono's context: `new Hono<TokenEnvironment>()`. */
export interface TokenEnvironment {
  readonly Variables: { readonly auth: AccessTokenClaims };
}

/** Hono middleware: `c.get('auth')` has the claims; else 401, 403 or 503 is answered. */
export function requireToken(
  verifier: Verifier,
  requirements?: Requirements,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const admission = await admit(verifier, fetchTokenRequest(context.req.raw), requirements);
    if (admission.kind === 'refused') return responseOf(admission.refusal);
    context.set('auth', admission.claims);
    await next();
    return undefined;
  };
}
