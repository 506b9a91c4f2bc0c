import {
  errors,
  type Interaction as EngineInteraction,
  type InteractionResults,
  type Provider,
} from 'oidc-provider';
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { Audit } from '../audit/audit.ts';
import type { Client } from '../clients/clients.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Origin } from '../runtime/origin.ts';
import { ACR } from './acr.ts';
import type { Allowed, Consents } from './consent-queries.ts';
import { InteractionExpired, type Interactions, type Outcome } from './contract.ts';
import type { EngineClients } from './engine-clients.ts';
import { addAllowed, newGrantId } from './existing-grant.ts';
import { askedConsent, viewOfInteraction } from './interaction-view.ts';
import type { PrefetchNamed } from './prefetch.ts';
import type { RequestScopes } from './request-scope.ts';
import type { Resources } from './resources.ts';
import type { Grants } from './store/grants.ts';
import type { InteractionRecords } from './store/interaction-records.ts';

interface InteractionsOptions {
  /** The generation of the moment. */
  readonly provider: () => Provider;
  readonly records: InteractionRecords;
  readonly grants: Grants;
  readonly consents: Consents;
  readonly engineClients: EngineClients;
  readonly resources: Resources;
  readonly engineScopes: ReadonlySet<string>;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly scopes: RequestScopes;
  readonly prefetchNamed: PrefetchNamed;
}

interface Pending {
  readonly interaction: EngineInteraction;
  readonly client: Client;
  readonly asked: Allowed;
}

/** Between the engine and the pages. */
export function createInteractions(options: InteractionsOptions): Interactions {
  const { provider, records, engineClients, resources, scopes, prefetchNamed } = options;
  const known = new WeakMap<IncomingMessage, Promise<Pending>>();

  /** Found once for each request: the page, then what its form ends. */
  function pending(ctx: Context, uid: string): Promise<Pending> {
    const found = known.get(ctx.req) ?? look(ctx, uid);
    known.set(ctx.req, found);
    return found;
  }

  async function look(ctx: Context, uid: string): Promise<Pending> {
    prefetchNamed(ctx.req);
    const interaction = await provider()
      .interactionDetails(ctx.req, ctx.res)
      .catch((error: unknown) => {
        if (error instanceof errors.SessionNotFound) return undefined;
        throw error;
      });
    // The engine looks at the cookie alone: a link to somebody else's interaction must not do (CVE-2026-7507).
    if (interaction === undefined || interaction.uid !== uid || interaction.result !== undefined)
      throw new InteractionExpired('no such interaction in this browser');
    const client = await engineClients.find(String(interaction.params['client_id']));
    if (client === undefined) throw new InteractionExpired('its client is gone');
    return { interaction, client, asked: askedConsent(interaction, client, options) };
  }

  /** What it reads is read once for each request, as inside the engine. */
  function within<Result>(ctx: Context, work: () => Promise<Result>): Promise<Result> {
    scopes.open(ctx.req, originOf(ctx));
    return scopes.within(ctx.req, work);
  }

  async function finish(ctx: Context, uid: string, outcome: Outcome): Promise<void> {
    const current = await pending(ctx, uid);
    const result = await resultOf(outcome, current, originOf(ctx), options);
    const returnTo = await records.finish(uid, result);
    if (returnTo === undefined) throw new InteractionExpired('it was finished already');
    ctx.status = 303;
    ctx.redirect(returnTo);
  }

  return {
    find: (ctx, uid) =>
      within(ctx, async () => {
        const { interaction, client, asked } = await pending(ctx, uid);
        return viewOfInteraction(interaction, client, asked, resources);
      }),
    finish: (ctx, uid, outcome) => within(ctx, () => finish(ctx, uid, outcome)),
  };
}

async function resultOf(
  outcome: Outcome,
  current: Pending,
  origin: Origin,
  options: InteractionsOptions,
): Promise<InteractionResults> {
  const { clock, audit } = options;
  switch (outcome.kind) {
    case 'signed-in': {
      const { accountId, amr, acr, remember } = outcome;
      const reached = acr ?? (amr.includes('mfa') ? ACR.multiple : ACR.single);
      const login = { accountId, amr: [...amr], acr: reached, remember, ts: clock.now() };
      return { login, select_account: {}, create: {} };
    }
    case 'account-kept':
      return { select_account: {} };
    case 'consented':
      return { consent: { grantId: await allow(current, origin, options) } };
    case 'refused':
      await auditRefusal(current, origin, audit);
      return { error: 'access_denied', error_description: 'End-User refused the request' };
  }
}

/** What the page showed is allowed: in the session's grant, and remembered beyond it. */
async function allow(
  { interaction, client, asked }: Pending,
  origin: Origin,
  options: InteractionsOptions,
): Promise<string> {
  const { provider, grants, consents, audit } = options;
  const { session, grantId } = interaction;
  if (session === undefined) throw new InteractionExpired('nobody is signed in');
  const { accountId } = session;
  const kept = grantId === undefined ? undefined : await provider().Grant.find(grantId);
  const grant = kept ?? new (provider().Grant)({ accountId, clientId: client.id });
  if (kept === undefined) grant.jti = await newGrantId(session.uid, client.id, grants);
  addAllowed(grant, asked);
  grant.exp = undefined;
  await grant.save();
  // Both at once, so that they are durable together.
  await Promise.all([
    consents.remember(accountId, client.id, asked),
    audit.record({
      type: 'consent.granted',
      origin,
      accountId,
      clientId: client.id,
      scopes: asked.scopes,
      resources: Object.keys(asked.resources),
    }),
  ]);
  return grant.jti;
}

async function auditRefusal(
  { interaction, client }: Pending,
  origin: Origin,
  audit: Audit,
): Promise<void> {
  if (interaction.prompt.name !== 'consent') return;
  const accountId = interaction.session?.accountId;
  await audit.record({ type: 'consent.refused', origin, accountId, clientId: client.id });
}

/** The host keeps it with each request; a page that came another way is of nowhere. */
function originOf(ctx: Context): Origin {
  const { origin }: { readonly origin?: Origin } = ctx.state;
  return origin ?? { address: 'unknown' };
}
