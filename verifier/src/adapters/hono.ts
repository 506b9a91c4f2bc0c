import { authorize, refusalOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Hono's context as is used. */
export interface HonoContext {
  readonly req: { header(name: string): string | undefined };
  set(key: 'auth', claims: AccessTokenClaims): void;
}

/** Hono middleware: `c.get('auth')` has the claims; else 401, 403 or 503 is answered. */
export function requireToken(
  verifier: Verifier,
  requirements?: Requirements,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    try {
      const header = context.req.header('Authorization');
      context.set('auth', await authorize(verifier, header, requirements));
    } catch (error) {
      const { status, headers, body } = refusalOf(error);
      return Response.json(body, { status, headers });
    }
    await next();
    return undefined;
  };
}
