import type { Grant, interactionPolicy, KoaContextWithOIDC } from 'oidc-provider';
import type { Permitted } from './permitted.ts';
import { identifierOf } from './resources.ts';

/** Names of scopes by the engine's name of their API. */
type Missing = Readonly<Record<string, readonly string[]>>;

/** Scopes of APIs that a request asks for and `grant` lacks. */
export function missingByApi({ oidc }: KoaContextWithOIDC, grant: Grant | undefined): Missing {
  const missing = Object.entries(oidc.resourceServers ?? {}).map(([indicator, api]) => {
    const known = new Set(grant?.getResourceScopeEncountered(indicator).split(' '));
    const asked = [...oidc.requestParamScopes];
    return [indicator, asked.filter((name) => api.scopes.has(name) && !known.has(name))];
  });
  return Object.fromEntries(missing);
}

/** The engine goes by what is asked for; nobody is asked for what they cannot give. */
export function askForPermitted(
  policy: interactionPolicy.DefaultPolicy,
  permitted: Permitted,
): void {
  const check = policy.get('consent')?.checks.get('rs_scopes_missing');
  if (check === undefined) throw new TypeError('the engine has no check for scopes of APIs');
  const found = new WeakMap<KoaContextWithOIDC, Missing>();
  check.check = async (ctx) => {
    const missing = await missingOf(ctx, permitted);
    found.set(ctx, missing);
    return Object.keys(missing).length > 0;
  };
  check.details = (ctx) => ({ missingResourceScopes: found.get(ctx) });
}

async function missingOf(ctx: KoaContextWithOIDC, permitted: Permitted): Promise<Missing> {
  const { account, entities } = ctx.oidc;
  const all = Object.entries(missingByApi(ctx, entities.Grant)).map(async ([indicator, names]) => {
    const accountId = account?.accountId ?? '';
    return [indicator, await permitted.keep(accountId, identifierOf(indicator), names)] as const;
  });
  return Object.fromEntries((await Promise.all(all)).filter(([, names]) => names.length > 0));
}
