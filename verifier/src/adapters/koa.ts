import { admit, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { nodeTokenRequest, type NodeRequest } from '../presentation.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Koa's context as is used. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly originalUrl: string;
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
    const request = nodeTokenRequest(ctx.req, ctx.originalUrl);
    const admission = await admit(verifier, request, requirements);
    if (admission.kind === 'admitted') {
      ctx.state.auth = admission.claims;
      await next();
      return;
    }
    const { status, headers, body } = admission.refusal;
    ctx.set({ ...headers });
    Object.assign(ctx, { status, body });
  };
}
