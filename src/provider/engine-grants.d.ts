/** What the engine's own grants share. It hands it to no other grant, and its types leave it out. */
declare module 'oidc-provider/lib/helpers/grants.js' {
  import type { X509Certificate } from 'node:crypto';
  import type Provider from 'oidc-provider';
  import type { KoaContextWithOIDC } from 'oidc-provider';

  /** A proof by DPoP (RFC 9449) whose signature, time, nonce and address were right. */
  interface DpopProof {
    readonly thumbprint: string;
    readonly jti: string;
    readonly iat: number;
  }

  /** Undefined: the request has none. @throws {errors.InvalidDpopProof} {errors.UseDpopNonce} */
  export function validateDpop(
    provider: Provider,
    ctx: KoaContextWithOIDC,
  ): Promise<DpopProof | undefined>;

  /** @throws {errors.InvalidDpopProof} when it was used before. */
  export function checkDpopReplay(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: DpopProof | undefined,
    clientId: string,
  ): Promise<void>;

  /** @throws {errors.InvalidGrant} when the client wants its tokens bound to a key, and there is no proof. */
  export function checkDpopRequired(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: DpopProof | undefined,
  ): void;

  /**
   * The certificate to which the client wants its tokens bound; undefined: to none.
   *
   * @throws {errors.InvalidGrant} when it shows none.
   */
  export function checkMtlsCert(
    provider: Provider,
    ctx: KoaContextWithOIDC,
  ): X509Certificate | undefined;
}
