import { authorize, refusalOf, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Fastify's request as is used. */
export interface FastifyRequest {
  readonly headers: { readonly authorization?: string | undefined };
  auth?: AccessTokenClaims;
}

/** As much of Fastify's reply as is used. */
export interface FastifyReply {
  code(status: number): FastifyReply;
  headers(headers: Record<string, string>): FastifyReply;
  send(body: unknown): unknown;
}

/** A Fastify `onRequest` hook: puts the claims into `request.auth`, or answers 401, 403 or 503. */
export function requireToken(
  verifier: Verifier,
  requirements?: Requirements,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    try {
      const claims = await authorize(verifier, request.headers.authorization, requirements);
      Object.assign(request, { auth: claims });
    } catch (error) {
      const { status, headers, body } = refusalOf(error);
      reply
        .code(status)
        .headers({ ...headers })
        .send(body);
    }
  };
}
