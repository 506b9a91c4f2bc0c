import {
  errors,
  type Account as EngineAccount,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import type { Client } from '../../clients/clients.ts';
import type { ExchangePolicy } from '../../clients/exchange-policy.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { CLAIM } from '../access-token-claims.ts';
import type { InstallOptions } from '../features/feature.ts';
import { createLivingTokens } from '../lanes/living-tokens.ts';
import { answerWithToken, targetOf } from '../own-token.ts';
import { readPossession, type Possession } from '../possession.ts';
import { actedBy, maySubject } from './exchange-rules.ts';
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
    const possession = await readPossession(ctx, options);
    if ((params['requested_token_type'] ?? ACCESS_TOKEN) !== ACCESS_TOKEN)
      throw new errors.InvalidRequest(`requested_token_type must be ${ACCESS_TOKEN}`);
    const subject = await readPresented(
      'subject_token',
      { value: params['subject_token'], type: params['subject_token_type'] },
      possession,
    );
    const actor = await readActor(ctx, possession, readPresented);
    const account = await accountOf(subject, policy, options);
    const acted = actedBy({
      policy,
      clientId: client.clientId,
      actor: actor?.subject,
      act: subject.extra['act'],
      mayAct: subject.extra['may_act'],
    });
    if (acted.kind === 'refused') throw refusalOf(actor ? 'actor_token' : 'subject_token');
    await issue(ctx, { policy, possession, subject, actor, account, act: acted.act }, options);
  };
}

/** What the new token is made of. */
interface Exchange {
  readonly policy: ExchangePolicy;
  readonly possession: Possession;
  readonly subject: PresentedToken;
  readonly actor: PresentedToken | undefined;
  readonly account: EngineAccount;
  readonly act: JsonObject | undefined;
}

function policyFor(ctx: Context, options: InstallOptions): ExchangePolicy {
  const owner = options.engineClients.ownerOf(ctx.oidc.client);
  const policy = owner?.policy.tokenExchange;
  if (owner === undefined || policy === undefined || isPairwise(owner))
    throw new errors.UnauthorizedClient('the client may not exchange tokens');
  return policy;
}

/** An actor token must be the client's own: it may not say that somebody else acts. */
async function readActor(
  { oidc: { client, params } }: Context,
  possession: Possession,
  readPresented: ReadPresented,
): Promise<PresentedToken | undefined> {
  const { actor_token: value, actor_token_type: type } = params;
  if (value === undefined && type === undefined) return undefined;
  const actor = await readPresented('actor_token', { value, type }, possession);
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
  const { policy, possession, subject, actor, account, act } = exchange;
  const { scopes, audit } = options;
  const mostOf = new Map(policy.audiences.map((audience) => [audience, subject.scopes]));
  const target = targetOf(ctx, mostOf, options);
  const from = [...new Set([...subject.handles, ...(actor?.handles ?? [])])];
  scopes.current().exchanged = { [CLAIM.from]: from, ...(act && { act }) };
  await possession.use();
  await answerWithToken(
    ctx,
    {
      account,
      target,
      possession,
      // What was good in one client's hands alone must not become good in all.
      isOfCertificate: subject.isOfCertificate,
      gty: 'token_exchange',
      secondsMax: secondsLeft(exchange, options),
      answer: { issued_token_type: ACCESS_TOKEN },
    },
    options,
  );
  audit.note({
    type: 'token.exchanged',
    origin: scopes.current().origin,
    accountId: account.accountId,
    clientId: ctx.oidc.client.clientId,
    subjectClient: subject.client.id,
    actor: typeof act?.['sub'] === 'string' ? act['sub'] : undefined,
    audience: target.identifier,
  });
}

/** Never longer than any of the tokens that were handed in. */
function secondsLeft({ subject, actor }: Exchange, { clock }: InstallOptions): number {
  const end = Math.min(subject.exp, actor?.exp ?? Infinity);
  return Math.max(1, Math.floor(end - clock.now()));
}

function isPairwise({ metadata }: Client): boolean {
  return metadata['subject_type'] === 'pairwise';
}
