import {
  errors,
  type Account as EngineAccount,
  type ResourceServer as EngineApi,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import type { Client } from '../../clients/clients.ts';
import type { ExchangePolicy } from '../../clients/exchange-policy.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { CLAIM } from '../access-token-claims.ts';
import type { InstallOptions } from '../features/feature.ts';
import { createLivingTokens } from '../lanes/living-tokens.ts';
import { identifierOf, indicatorOf } from '../resources.ts';
import { actedBy, audienceFor, maySubject, scopeFor } from './exchange-rules.ts';
import {
  ACCESS_TOKEN,
  createReadPresented,
  refusalOf,
  type PresentedToken,
  type ReadPresented,
} from './presented-tokens.ts';

type Context = TokenEndpointGrantContext;

/**
 * The token endpoint for RFC 8693: a person's access token for another. The new one is never for more than the old
 * one, never longer, and falls with it (decision record 0028).
 */
export function createTokenExchange(options: InstallOptions): (ctx: Context) => Promise<void> {
  const livingTokens = createLivingTokens(options);
  const readPresented = createReadPresented({ ...options, livingTokens });

  return async (ctx) => {
    const { client, params } = ctx.oidc;
    const policy = policyFor(ctx, options);
    if ((params['requested_token_type'] ?? ACCESS_TOKEN) !== ACCESS_TOKEN)
      throw new errors.InvalidRequest(`requested_token_type must be ${ACCESS_TOKEN}`);
    const subject = await readPresented(
      'subject_token',
      params['subject_token'],
      params['subject_token_type'],
    );
    const actor = await readActor(ctx, readPresented);
    const account = await accountOf(subject, policy, options);
    const acted = actedBy({
      policy,
      clientId: client.clientId,
      actor: actor?.subject,
      act: subject.extra['act'],
      mayAct: subject.extra['may_act'],
    });
    if (acted.kind === 'refused') throw refusalOf(actor ? 'actor_token' : 'subject_token');
    await issue(ctx, { policy, subject, actor, account, act: acted.act }, options);
  };
}

/** What the new token is made of. */
interface Exchange {
  readonly policy: ExchangePolicy;
  readonly subject: PresentedToken;
  readonly actor: PresentedToken | undefined;
  readonly account: EngineAccount;
  readonly act: JsonObject | undefined;
}

function policyFor(ctx: Context, { engineClients }: InstallOptions): ExchangePolicy {
  const owner = engineClients.ownerOf(ctx.oidc.client);
  const policy = owner?.policy.tokenExchange;
  if (owner === undefined || policy === undefined || isPairwise(owner))
    throw new errors.UnauthorizedClient('the client may not exchange tokens');
  // A proof that was sent in vain would leave the client with a token that it takes for bound.
  if (ctx.get('DPoP') !== '' || owner.metadata['dpop_bound_access_tokens'] === true)
    throw new errors.InvalidRequest('tokens got in exchange cannot be bound to a key');
  return policy;
}

/** An actor token must be the client's own: it may not say that somebody else acts. */
async function readActor(
  { oidc: { client, params } }: Context,
  readPresented: ReadPresented,
): Promise<PresentedToken | undefined> {
  const { actor_token: value, actor_token_type: type } = params;
  if (value === undefined && type === undefined) return undefined;
  const actor = await readPresented('actor_token', value, type);
  if (actor.client.id !== client.clientId) throw refusalOf('actor_token');
  return actor;
}

/** The person, who must still be there. Names that are for one sector would slip out into another. */
async function accountOf(
  { client, accountId }: PresentedToken,
  policy: ExchangePolicy,
  { accountClaims }: InstallOptions,
): Promise<EngineAccount> {
  const isFine = accountId !== undefined && maySubject(policy, client.id) && !isPairwise(client);
  const account = isFine ? await accountClaims.findAccount(accountId) : undefined;
  if (account === undefined) throw refusalOf('subject_token');
  return account;
}

async function issue(ctx: Context, exchange: Exchange, options: InstallOptions): Promise<void> {
  const { subject, actor, account, act } = exchange;
  const { provider, client } = ctx.oidc;
  const { scopes, audit } = options;
  const { indicator, api, scope } = targetOf(ctx, exchange, options);
  const from = [...new Set([...subject.handles, ...(actor?.handles ?? [])])];
  scopes.current().exchanged = { [CLAIM.from]: from, ...(act && { act }) };
  const { accountId } = account;
  const token = new provider.AccessToken({
    accountId,
    client,
    grantId: '',
    gty: 'token_exchange',
    scope: scope.join(' ') || undefined,
  });
  token.resourceServer = new provider.ResourceServer(indicator, api);
  const expiresIn = secondsLeft(options.lifetimes.accessToken(token, client), exchange, options);
  // Neither can be said by the engine's types.
  Object.assign(token, { expiresIn });
  // Its own: a grant is of one client.
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  Object.assign(grant, { expiresIn });
  grant.addResourceScope(indicator, scope.join(' '));
  token.grantId = await grant.save();
  ctx.oidc.entity('Account', account);
  ctx.oidc.entity('Grant', grant);
  ctx.oidc.entity('AccessToken', token);
  const value = await token.save();
  ctx.body = {
    access_token: value,
    issued_token_type: ACCESS_TOKEN,
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope: token.scope,
  };
  audit.note({
    type: 'token.exchanged',
    origin: scopes.current().origin,
    accountId,
    clientId: client.clientId,
    subjectClient: subject.client.id,
    actor: typeof act?.['sub'] === 'string' ? act['sub'] : undefined,
    audience: identifierOf(indicator),
  });
}

/** @throws {errors.InvalidTarget} {errors.InvalidScope} for more than may be had. */
function targetOf(
  { oidc: { client, params } }: Context,
  { policy, subject }: Exchange,
  { resources }: InstallOptions,
): { readonly indicator: string; readonly api: EngineApi; readonly scope: readonly string[] } {
  const named = [params.resource ?? []].flat();
  const audience = audienceFor(policy, named.map(identifierOf));
  if (audience === undefined) throw new errors.InvalidTarget();
  const indicator = indicatorOf(audience);
  const api = resources.forClient(indicator, client);
  const asked = params.scope?.split(' ').filter(Boolean);
  const offered = api.scope.split(' ').filter(Boolean);
  const scope = scopeFor({ asked, subject: subject.scopes, offered });
  if (scope === undefined)
    throw new errors.InvalidScope('more was asked for than may be had', params.scope ?? '');
  return { indicator, api, scope };
}

/** Never longer than any of the tokens that were handed in. */
function secondsLeft(
  usual: number,
  { subject, actor }: Exchange,
  { clock }: InstallOptions,
): number {
  const end = Math.min(subject.exp, actor?.exp ?? Infinity);
  return Math.max(1, Math.min(usual, Math.floor(end - clock.now())));
}

function isPairwise({ metadata }: Client): boolean {
  return metadata['subject_type'] === 'pairwise';
}
