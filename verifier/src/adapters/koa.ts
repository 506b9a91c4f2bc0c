import { authorize, refusalOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Koa's context as is used. */
export interface KoaContext {
  get(header: string): string;
  set(headers: Record<string, string>): void;
  status: number;
  body: unknown;
  readonly state: { auth?: AccessTokenClaims };
}

/** Koa middleware: puts the claims into `ctx.state.auth`, or answers 401, 403 or 503. */
export function requireToken(
  verifier: Verifier,
  requirements?: Requirements,
): (ctx: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  return async (ctx, next) => {
    try {
      ctx.state.auth = await authorize(verifier, ctx.get('Authorization'), requirements);
    } catch (error) {
      const { status, headers, body } = refusalOf(error);
      ctx.set({ ...headers });
      Object.assign(ctx, { status, body });
      return;
    }
    await next();
  };
}
