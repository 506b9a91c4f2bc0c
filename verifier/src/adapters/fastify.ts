import { admit, type Requirements } from '../bearer.ts';
import type { AccessTokenClaims } from '../claims.ts';
import { nodeTokenRequest, type NodeRequest } from '../presentation.ts';
import type { Verifier } from '../verifier.ts';

/** As much of Fastify's request as is used. */
export interface FastifyRequest {
  readonly raw: NodeRequest;
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
    const admission = await admit(verifier, nodeTokenRequest(request.raw), requirements);
    if (admission.kind === 'admitted') {
      Object.assign(request, { auth: admission.claims });
      return;
    }
    const { status, headers, body } = admission.refusal;
    reply
      .code(status)
      .headers({ ...headers })
      .send(body);
  };
}
