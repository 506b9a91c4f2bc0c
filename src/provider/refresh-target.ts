import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/**
 * Holds the API that a refresh names against those that its token is for. The engine does so itself, but once the token is
 * used up: a client that asked for the wrong API would be left without any.
 *
 * @throws {errors.InvalidTarget}
 */
export function judgeRefreshTarget({ oidc }: KoaContextWithOIDC): void {
  const { RefreshToken: token } = oidc.entities;
  const named = [oidc.params?.['resource'] ?? []].flat();
  const known: ReadonlySet<unknown> = token?.resourceIndicators ?? new Set();
  if (named.length > 1 || !named.every((one) => known.has(one))) throw new errors.InvalidTarget();
}
