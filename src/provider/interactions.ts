import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { Origin } from '../runtime/origin.ts';
import type { AuthorizationDetails } from './authorization-details/authorization-details.ts';
import { InteractionExpired, type Interactions, type Outcome } from './contract.ts';
import type { Dialect } from './dialect.ts';
import type { EngineClients } from './engine-clients.ts';
import { askedConsent, consentView, viewOfInteraction } from './interaction-view.ts';
import { createNamedInteraction } from './named-interaction.ts';
import { ORGANIZATION } from './organization-engine.ts';
import type { PrefetchNamed } from './prefetch.ts';
import { comingOf, resultOf, type OutcomeOptions, type Pending } from './outcomes.ts';
import type { RequestScopes } from './request-scope.ts';
import { text, toJson } from './store/payloads.ts';
import type { InteractionRecords } from './store/interaction-records.ts';

interface InteractionsOptions extends OutcomeOptions {
  readonly records: InteractionRecords;
  readonly engineClients: EngineClients;
  readonly scopes: RequestScopes;
  readonly prefetchNamed: PrefetchNamed;
  readonly details: AuthorizationDetails;
  readonly dialect?: Pick<Dialect, 'startParameter'> | undefined;
}

/** Between the engine and the pages. */
export function createInteractions(options: InteractionsOptions): Interactions {
  const { records, engineClients, resources, scopes, prefetchNamed } = options;
  const { details, dialect, permitted } = options;
  const namedInteraction = createNamedInteraction(options);
  const known = new WeakMap<IncomingMessage, Promise<Pending>>();

  /** Found once for each request: the page, then what its form ends. */
  function pending(ctx: Context, uid: string): Promise<Pending> {
    const found = known.get(ctx.req) ?? look(ctx, uid);
    known.set(ctx.req, found);
    return found;
  }

  async function look(ctx: Context, uid: string): Promise<Pending> {
    prefetchNamed(ctx.req);
    const interaction = await namedInteraction(ctx, uid);
    // The engine looks at the cookie alone: a link to somebody else's interaction must not do (CVE-2026-7507).
    if (interaction === undefined || interaction.uid !== uid || interaction.result !== undefined)
      throw new InteractionExpired('no such interaction in this browser');
    const client = await engineClients.find(String(interaction.params['client_id']));
    if (client === undefined) throw new InteractionExpired('its client is gone');
    const params = toJson(interaction.params);
    const asked = await permitted.among(
      interaction.session?.accountId,
      askedConsent(interaction, client, options),
      text(params, ORGANIZATION),
    );
    const shown = details.shown(text(params, 'authorization_details'));
    if (shown === undefined) throw new InteractionExpired('it asks for what is not there any more');
    return { interaction, client, asked, details: shown, coming: new Map() };
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
        const { interaction, client, asked, details: shown } = await pending(ctx, uid);
        const consent = consentView(asked, resources, shown);
        const startParameter = dialect?.startParameter;
        return viewOfInteraction(interaction, client, { consent, startParameter });
      }),
    comingConsent: (ctx, uid, accountId) =>
      within(ctx, async () => {
        const current = await pending(ctx, uid);
        const allowed = await comingOf(current, accountId, options);
        return allowed && consentView(allowed, resources, current.details);
      }),
    finish: (ctx, uid, outcome) => within(ctx, () => finish(ctx, uid, outcome)),
  };
}

/** The host keeps it with each request; a page that came another way is of nowhere. */
function originOf(ctx: Context): Origin {
  const { origin }: { readonly origin?: Origin } = ctx.state;
  return origin ?? { address: 'unknown' };
}
