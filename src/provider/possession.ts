import { createHash, type X509Certificate } from 'node:crypto';
import type { AccessToken, AdapterPayload, TokenEndpointGrantContext } from 'oidc-provider';
import {
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js';
import type { RequestScopes } from './request-scope.ts';

type Context = TokenEndpointGrantContext;

/** What a request for a token proves that its sender holds. */
export interface Possession {
  /** The thumbprint of a key (RFC 9449). */
  readonly jkt: string | undefined;
  /** A certificate with its key (RFC 8705). */
  readonly certificate: X509Certificate | undefined;
  /** Whether the client wants its tokens bound to that. */
  readonly isCertificateWanted: boolean;
  /** Uses the proof up. @throws {errors.InvalidDpopProof} when it was used before. */
  use(): Promise<void>;
}

/**
 * As the engine's own grants read it.
 *
 * @throws {errors.InvalidDpopProof} {errors.UseDpopNonce} for a proof that is not good.
 * @throws {errors.InvalidGrant} when the client wants its tokens bound, and proves nothing.
 */
export async function readPossession(
  ctx: Context,
  { scopes }: { readonly scopes: RequestScopes },
): Promise<Possession> {
  const { provider, client } = ctx.oidc;
  const proof = await validateDpop(provider, ctx);
  checkDpopRequired(provider, ctx, proof);
  return {
    jkt: proof?.thumbprint,
    certificate: scopes.current().tls?.certificate?.x509,
    isCertificateWanted: checkMtlsCert(provider, ctx) !== undefined,
    use: () => checkDpopReplay(provider, ctx, proof, client.clientId),
  };
}

/** Whether a token is good in the hands of whoever sent the request: it is bound to nothing, or to what they hold. */
export function isHeldBy(
  { jkt, certificate }: Pick<Possession, 'jkt' | 'certificate'>,
  token: Pick<AdapterPayload, 'jkt' | 'x5t#S256'>,
): boolean {
  const { 'x5t#S256': x5t } = token;
  if (token.jkt !== undefined && token.jkt !== jkt) return false;
  return x5t === undefined || (certificate !== undefined && x5t === thumbprintOf(certificate));
}

/**
 * Binds a token that is about to be issued: to the key that was proven, and to the certificate where the client wants
 * that, or `isOfCertificate`: it is made of a token that is.
 *
 * @throws {errors.InvalidRequest} for both: it can be bound to one.
 */
export function bindToken(
  token: AccessToken,
  { jkt, certificate, isCertificateWanted }: Possession,
  { isOfCertificate }: { readonly isOfCertificate: boolean },
): void {
  if (jkt !== undefined) token.setThumbprint('jkt', jkt);
  if (certificate !== undefined && (isCertificateWanted || isOfCertificate))
    token.setThumbprint('x5t', certificate);
}

/** RFC 8705 section 3.1. */
function thumbprintOf({ raw }: X509Certificate): string {
  return createHash('sha256').update(raw).digest('base64url');
}
