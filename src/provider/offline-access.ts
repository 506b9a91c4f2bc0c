import { decodeJwt } from 'jose';
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import type { ProtocolSettings } from './config.ts';

const OFFLINE_ACCESS = 'offline_access';

/**
 * Puts `offline_access` back into a request that asked for it without `prompt=consent`. The engine drops it
 * then, as OpenID Connect Core section 11 says, "unless other conditions" are met; ours are that the person
 * allows it, now on the consent page or earlier, or that the app is the installation's own. Nothing is granted here.
 */
export function keepOfflineAccess(ctx: KoaContextWithOIDC, client: Client): void {
  const { params } = ctx.oidc;
  const scope = typeof params?.['scope'] === 'string' ? params['scope'] : '';
  const isDropped = hasScope(askedScope(ctx), OFFLINE_ACCESS) && !hasScope(scope, OFFLINE_ACCESS);
  const mayHold = client.scope === undefined || hasScope(client.scope, OFFLINE_ACCESS);
  if (params === undefined || !isDropped || !mayHold) return;
  const types = String(params['response_type']).split(' ');
  if (client.grantTypeAllowed('refresh_token') && types.includes('code'))
    Object.assign(params, { scope: `${scope} ${OFFLINE_ACCESS}`.trim() });
}

/** Whether tokens of `scopes` come with one to refresh them by. */
export function isRefreshable(
  client: Client,
  scopes: ReadonlySet<string>,
  { refreshTokens }: Pick<ProtocolSettings['tokens'], 'refreshTokens'>,
): boolean {
  return (
    client.grantTypeAllowed('refresh_token') &&
    (refreshTokens === 'always' || scopes.has(OFFLINE_ACCESS))
  );
}

/** Takes a scope out of the request. */
export function dropScope(ctx: KoaContextWithOIDC, name: string): void {
  const { params } = ctx.oidc;
  const scope = params?.['scope'];
  if (params === undefined || typeof scope !== 'string') return;
  const rest = scope.split(' ').filter((one) => one !== name);
  Object.assign(params, { scope: rest.join(' ') || undefined });
}

/** What the request asked for before the engine changed it. */
function askedScope(ctx: KoaContextWithOIDC): string {
  const pushed = ctx.oidc.entities.PushedAuthorizationRequest?.request;
  const sent = ctx.method === 'POST' ? ctx.oidc.body : ctx.query;
  // What came encrypted is readable in the body alone.
  const signed: unknown = pushed ?? ctx.oidc.body?.['request'] ?? sent?.['request'];
  // Whoever signed it was held to that by now.
  const scope: unknown = typeof signed === 'string' ? decodeJwt(signed)['scope'] : sent?.['scope'];
  return typeof scope === 'string' ? scope : '';
}

function hasScope(scope: string, name: string): boolean {
  return scope.split(' ').includes(name);
}
