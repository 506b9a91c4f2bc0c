import {
  errors,
  type AccessToken,
  type Account as EngineAccount,
  type Grant,
  type ResourceServer as EngineApi,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import { shapeForPerson } from './access-token-shape.ts';
import { ACR } from './acr.ts';
import type { InstallOptions } from './features/feature.ts';
import { GrantRefused, type FurtherGrant, type ProvenPerson, type Wish } from './further-grant.ts';
import { isRefreshable } from './offline-access.ts';
import { refuseBinding } from './own-token.ts';
import { identifierOf, indicatorOf } from './resources.ts';

type Context = TokenEndpointGrantContext;

const OFFLINE_ACCESS = 'offline_access';

/** What is issued for whom. */
interface Ground {
  readonly account: EngineAccount;
  readonly person: ProvenPerson;
  readonly indicator: string | undefined;
  readonly api: EngineApi | undefined;
  readonly identityScopes: readonly string[];
  readonly apiScopes: readonly string[];
}

/**
 * The token endpoint for `grant`: tokens of a person, under a grant of their own and without a session. There is no
 * page at which anything could be consented to: whoever gives a client its grants answers for what it asks.
 */
export function createFurtherGrant(
  grant: FurtherGrant,
  options: InstallOptions,
): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    refuseBinding(ctx, options);
    const wish = wishOf(ctx, options);
    // What cannot be had is told before anybody proves anything.
    apiOf(ctx, wish, options);
    const person = await proven(ctx, { grant, wish }, options);
    const account = await options.accountClaims.findAccount(person.accountId);
    if (account === undefined) throw new errors.InvalidGrant('the person is not here');
    options.scopes.current().proven = person;
    const ground = await groundOf(ctx, { person, account, wish: person.wish ?? wish }, options);
    await signIn(ctx, ground, options);
    await issue(ctx, { ...ground, grantType: grant.grantType }, options);
  };
}

function wishOf({ oidc: { params } }: Context, { dialect }: InstallOptions): Wish {
  const [indicator, ...more] = [params.resource ?? []].flat();
  if (more.length > 0) throw new errors.InvalidTarget('a token is for one API');
  return {
    audience: indicator === undefined ? dialect?.defaultAudience : identifierOf(indicator),
    scope: params.scope,
  };
}

function apiOf(
  { oidc: { client } }: Context,
  { audience }: Wish,
  { resources }: InstallOptions,
): EngineApi | undefined {
  return audience === undefined ? undefined : resources.forClient(indicatorOf(audience), client);
}

async function proven(
  { oidc: { client, params } }: Context,
  { grant, wish }: { readonly grant: FurtherGrant; readonly wish: Wish },
  { scopes }: InstallOptions,
): Promise<ProvenPerson> {
  const scope = scopes.current();
  const sent = grant.parameters.map((name) => [name, params[name]] as const);
  try {
    return await grant.prove({
      clientId: client.clientId,
      parameters: Object.fromEntries(
        sent.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
      ),
      wish,
      origin: scope.origin,
      mark: scope.mark ?? '',
    });
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    scope.refusal = error.refusal;
    throw new errors.CustomOIDCProviderError(error.refusal.error, error.refusal.description);
  }
}

/** Of what is wanted, what there is, the client may have and the person can give. */
async function groundOf(
  ctx: Context,
  of: {
    readonly person: ProvenPerson;
    readonly account: EngineAccount;
    readonly wish: Wish;
  },
  options: InstallOptions,
): Promise<Ground> {
  const { client } = ctx.oidc;
  const { person, account, wish } = of;
  const api = apiOf(ctx, wish, options);
  const offered = api?.scope.split(' ').filter(Boolean) ?? [];
  const ofIdentity = identityScopes(options).filter(
    (name) => client.scope === undefined || client.scope.split(' ').includes(name),
  );
  const asked = wish.scope?.split(' ') ?? [...ofIdentity, ...offered];
  const isWanted = (name: string): boolean =>
    asked.includes(name) && (wish.scope !== undefined || name !== OFFLINE_ACCESS);
  const mayRefresh = client.grantTypeAllowed('refresh_token');
  return {
    account,
    person,
    api,
    indicator: wish.audience === undefined ? undefined : indicatorOf(wish.audience),
    identityScopes: ofIdentity.filter(
      (name) => isWanted(name) && (name !== OFFLINE_ACCESS || mayRefresh),
    ),
    apiScopes: await options.permitted.keep(
      account.accountId,
      wish.audience ?? '',
      offered.filter(isWanted),
    ),
  };
}

function identityScopes({ accountClaims }: InstallOptions): readonly string[] {
  return [...new Set(['openid', ...Object.keys(accountClaims.byScope), OFFLINE_ACCESS])];
}

/** On record before anything is issued. */
async function signIn(
  ctx: Context,
  { person: { accountId, amr } }: Ground,
  { audit, scopes }: InstallOptions,
): Promise<void> {
  const { origin } = scopes.current();
  const { clientId } = ctx.oidc.client;
  await audit.record({ type: 'sign_in.succeeded', accountId, clientId, origin, amr });
}

async function issue(
  ctx: Context,
  ground: Ground & { readonly grantType: string },
  options: InstallOptions,
): Promise<void> {
  const { provider, client } = ctx.oidc;
  const { account, person, indicator, api, identityScopes: identity, apiScopes } = ground;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(identity.join(' '));
  if (indicator !== undefined) grant.addResourceScope(indicator, apiScopes.join(' '));
  const grantId = await grant.save();
  const token = new provider.AccessToken({
    accountId: account.accountId,
    client,
    grantId,
    gty: ground.grantType,
    scope: (api === undefined ? identity : apiScopes).join(' '),
  });
  if (api !== undefined) token.resourceServer = new provider.ResourceServer(indicator ?? '', api);
  shapeForPerson(token, provider, { scopes: identity, claims: undefined }, options);
  ctx.oidc.entity('Account', account);
  ctx.oidc.entity('Grant', grant);
  ctx.oidc.entity('AccessToken', token);
  const access = await token.save();
  ctx.body = {
    access_token: access,
    refresh_token: await refreshToken(ctx, { ...ground, grant, token }, options),
    id_token: await idToken(ctx, ground),
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope: token.scope,
    ...person.answer,
  };
}

async function refreshToken(
  ctx: Context,
  ground: Ground & { readonly grant: Grant; readonly token: AccessToken },
  { settings }: InstallOptions,
): Promise<string | undefined> {
  const { provider, client } = ctx.oidc;
  const { person, indicator, identityScopes: identity, apiScopes, token } = ground;
  const scopes = [...identity, ...apiScopes];
  if (!isRefreshable(client, new Set(scopes), { refreshTokens: settings.refreshTokens }))
    return undefined;
  const refresh = new provider.RefreshToken({
    accountId: person.accountId,
    acr: acrOf(person),
    amr: [...person.amr],
    authTime: person.authTime,
    client,
    expiresWithSession: false,
    grantId: token.grantId,
    gty: token.gty,
    resource: indicator,
    rotations: 0,
    scope: scopes.join(' '),
  });
  ctx.oidc.entity('RefreshToken', refresh);
  return await refresh.save();
}

async function idToken(
  ctx: Context,
  { account, person, identityScopes: identity }: Ground,
): Promise<string | undefined> {
  if (!identity.includes('openid')) return undefined;
  const scope = identity.join(' ');
  const claims = await account.claims('id_token', scope, {}, []);
  const token = new ctx.oidc.provider.IdToken(
    { ...claims, acr: acrOf(person), amr: person.amr, auth_time: person.authTime },
    { ctx },
  );
  Object.assign(token, { scope, mask: {}, rejected: [] });
  return await token.issue({ use: 'idtoken' });
}

function acrOf({ amr }: ProvenPerson): string {
  return amr.includes('mfa') ? ACR.multiple : ACR.single;
}
