import { hash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyResult,
} from 'jose';
import { ProofInvalid } from './errors.ts';
import { readTarget, type TokenRequest } from './presentation.ts';
import type { Settings } from './settings.ts';
import { createUsedProofs } from './used-proofs.ts';

/** Characters; a proof is some 600. */
const PROOF_MAX = 8192;

/** Checks the proof of possession that comes with a token (RFC 9449 section 4.3). */
export interface ProofCheck {
  /** Gives the thumbprint of the key that signed the proof, once. @throws {ProofInvalid} */
  thumbprint(token: string, request: TokenRequest): Promise<string>;
}

/** `nowMs`: what time it is. Proofs are remembered in this process: one that is played to another within `proofSeconds` is not noticed. */
export function createProofCheck(settings: Settings, nowMs: () => number): ProofCheck {
  const { clockToleranceSeconds: tolerance, proofSeconds } = settings;
  const used = createUsedProofs(settings.proofsMax);

  return {
    async thumbprint(token, request) {
      const proof = request.header('dpop');
      const { protectedHeader, payload } = await verifyProof(proof, settings, nowMs());
      const { jti, iat } = payload;
      if (typeof jti !== 'string' || jti === '' || typeof iat !== 'number') refuse('lacks a claim');
      assertMeant(payload, { token, request, settings });
      const now = nowMs() / 1000;
      const notBefore = now - proofSeconds - tolerance;
      if (iat < notBefore || iat > now + tolerance) refuse('is not of this time');
      const jkt = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
      const id = hash('sha256', `${jkt}.${jti}`, 'base64url');
      if (!used.use({ id, issuedAt: iat }, notBefore)) refuse('was used before');
      return jkt;
    },
  };
}

/** @throws {ProofInvalid} when the proof was made for another request. */
function assertMeant(
  { htm, htu, ath }: JWTPayload,
  sent: { readonly token: string; readonly request: TokenRequest; readonly settings: Settings },
): void {
  const { token, request, settings } = sent;
  if (htm !== request.method) refuse('is for another method');
  if (!isFor(htu, request.target, settings.baseUrl)) refuse('is for another URL');
  if (ath !== hash('sha256', token, 'base64url')) refuse('is for another token');
}

async function verifyProof(
  proof: string | undefined,
  { algorithms, clockToleranceSeconds }: Settings,
  nowMs: number,
): Promise<JWTVerifyResult> {
  if (proof === undefined) refuse('is missing');
  if (proof.length > PROOF_MAX) refuse('is too long');
  try {
    return await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...algorithms],
      typ: 'dpop+jwt',
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(nowMs),
    });
  } catch (error) {
    refuse('is not signed as it should be', error);
  }
}

/** Without query and fragment, and however it is spelled (RFC 9449 section 4.3, number 9). */
function isFor(htu: unknown, target: string, baseUrls: readonly string[]): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false;
  const meant = withoutQuery(htu);
  const { path } = readTarget(target);
  return baseUrls.some((base) => meant === withoutQuery(base + path));
}

function withoutQuery(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function refuse(reason: string, cause?: unknown): never {
  throw new ProofInvalid(`the DPoP proof ${reason}`, { cause, isDpop: true });
}
