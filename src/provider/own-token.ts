import {
  errors,
  type Account as EngineAccount,
  type ResourceServer as EngineApi,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import type { EngineClients } from './engine-clients.ts';
import type { Lifetimes } from './lifetimes.ts';
import { bindToken, type Possession } from './possession.ts';
import { identifierOf, indicatorOf, type Resources } from './resources.ts';
import { audienceFor, scopeFor } from './target-rules.ts';

type Context = TokenEndpointGrantContext;

/** By which a client says that it wants no other tokens (RFC 9449 section 5.2, RFC 8705 section 3.4). */
const BINDINGS = [
  'dpop_bound_access_tokens',
  'tls_client_certificate_bound_access_tokens',
] as const;

/** An API, and what a token for it may say. */
export interface Target {
  readonly identifier: string;
  readonly api: EngineApi;
  readonly scope: readonly string[];
}

/**
 * For a grant that binds nothing to a key or certificate.
 *
 * @throws {errors.InvalidRequest} for a client that wants it.
 */
export function refuseBinding(
  ctx: Context,
  { engineClients }: { readonly engineClients: Pick<EngineClients, 'ownerOf'> },
): void {
  const owner = engineClients.ownerOf(ctx.oidc.client);
  // A proof that was sent in vain would leave the client with a token that it takes for bound.
  if (ctx.get('DPoP') !== '' || BINDINGS.some((name) => owner?.metadata[name] === true))
    throw new errors.InvalidRequest('tokens of this grant cannot be bound to a key');
}

/**
 * What the request names, within `mostOf` each API that is allowed.
 *
 * @throws {errors.InvalidTarget} {errors.InvalidScope} for more than may be had.
 */
export function targetOf(
  { oidc: { client, params } }: Context,
  mostOf: ReadonlyMap<string, readonly string[]>,
  { resources }: { readonly resources: Resources },
): Target {
  const named = [params.resource ?? []].flat();
  const identifier = audienceFor([...mostOf.keys()], named.map(identifierOf));
  if (identifier === undefined) throw new errors.InvalidTarget();
  const api = resources.forClient(indicatorOf(identifier), client);
  const scope = scopeFor({
    asked: params.scope?.split(' ').filter(Boolean),
    most: mostOf.get(identifier) ?? [],
    offered: api.scope.split(' ').filter(Boolean),
  });
  if (scope === undefined)
    throw new errors.InvalidScope('more was asked for than may be had', params.scope ?? '');
  return { identifier, api, scope };
}

/** Answers with an access token of `account` that has a grant of its own, and no refresh token. */
export async function answerWithToken(
  ctx: Context,
  issued: {
    readonly account: EngineAccount;
    readonly target: Target;
    /** What the sender holds, and the token is bound to. */
    readonly possession: Possession;
    /** It is made of a token that is bound to the sender's certificate. */
    readonly isOfCertificate?: boolean;
    /** The engine's name for how it came about. */
    readonly gty: string;
    /** It lives no longer; left out: as the API and the client have it. */
    readonly secondsMax?: number;
    /** Members of the answer beside the usual. */
    readonly answer?: object;
  },
  { lifetimes }: { readonly lifetimes: Lifetimes },
): Promise<void> {
  const { provider, client } = ctx.oidc;
  const { account, target, gty, possession, secondsMax = Infinity, answer } = issued;
  const { accountId } = account;
  const indicator = indicatorOf(target.identifier);
  const scope = target.scope.join(' ');
  const token = new provider.AccessToken({
    accountId,
    client,
    grantId: '',
    gty,
    scope: scope || undefined,
  });
  token.resourceServer = new provider.ResourceServer(indicator, target.api);
  bindToken(token, possession, { isOfCertificate: issued.isOfCertificate === true });
  const expiresIn = Math.min(lifetimes.accessToken(token, client), secondsMax);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  // Neither can be said by the engine's types.
  Object.assign(token, { expiresIn });
  Object.assign(grant, { expiresIn });
  grant.addResourceScope(indicator, scope);
  token.grantId = await grant.save();
  ctx.oidc.entity('Account', account);
  ctx.oidc.entity('Grant', grant);
  ctx.oidc.entity('AccessToken', token);
  ctx.body = {
    access_token: await token.save(),
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope: token.scope,
    ...answer,
  };
}
