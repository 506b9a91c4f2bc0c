import type { Interaction as EngineInteraction, InteractionResults } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import type { Client } from '../clients/clients.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Origin } from '../runtime/origin.ts';
import { ACR } from './acr.ts';
import type { ShownDetail } from './authorization-details/authorization-details.ts';
import { comingConsent, type ComingConsentOptions } from './coming-consent.ts';
import type { Allowed } from './consent-queries.ts';
import { InteractionExpired, type Outcome } from './contract.ts';
import { addAllowed, newGrantId } from './existing-grant.ts';
import { once } from './request-scope.ts';
import type { Grants } from './store/grants.ts';

/** What the outcomes of pages are laid down with. */
export interface OutcomeOptions extends ComingConsentOptions {
  readonly grants: Grants;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** An interaction that waits for its person. */
export interface Pending {
  readonly interaction: EngineInteraction;
  readonly client: Client;
  readonly asked: Allowed;
  readonly details: readonly ShownDetail[];
  /** What is going to be asked of whom. */
  readonly coming: Map<string, Promise<Allowed | undefined>>;
}

interface Consented {
  readonly accountId: string;
  readonly clientId: string;
  readonly allowed: Allowed;
  readonly details: readonly ShownDetail[];
  readonly origin: Origin;
}

/** The outcome of a page in the engine's words; what follows of it is on record first. */
export async function resultOf(
  outcome: Outcome,
  current: Pending,
  origin: Origin,
  options: OutcomeOptions,
): Promise<InteractionResults> {
  switch (outcome.kind) {
    case 'signed-in':
      return await signedIn(outcome, current, origin, options);
    case 'account-kept':
      return { select_account: {} };
    case 'consented':
      return { consent: { grantId: await allow(current, origin, options) } };
    case 'refused':
      await auditRefusal(outcome.accountId, current, origin, options);
      return { error: 'access_denied', error_description: 'End-User refused the request' };
  }
}

/** Told once for each request: what is allowed is what was shown. */
export function comingOf(
  current: Pending,
  accountId: string,
  options: OutcomeOptions,
): Promise<Allowed | undefined> {
  return once(current.coming, accountId, () => comingConsent(current, accountId, options));
}

async function signedIn(
  { accountId, amr, acr, remember, authTime, consented }: Outcome & { kind: 'signed-in' },
  current: Pending,
  origin: Origin,
  options: OutcomeOptions,
): Promise<InteractionResults> {
  const { audit, clock } = options;
  const clientId = current.client.id;
  const allowed = consented ? await comingOf(current, accountId, options) : undefined;
  // All at once, so that they are durable together.
  await Promise.all([
    audit.record({ type: 'sign_in.succeeded', accountId, clientId, origin, amr }),
    allowed &&
      keepConsent({ accountId, clientId, allowed, details: current.details, origin }, options),
  ]);
  const reached = acr ?? (amr.includes('mfa') ? ACR.multiple : ACR.single);
  const ts = authTime ?? (await signedInAt(accountId, current, options)) ?? clock.now();
  return {
    login: { accountId, amr: [...amr], acr: reached, remember, ts },
    select_account: {},
    create: {},
    // The grant is made of what is remembered. Without it, whatever an earlier page was told is not of this person.
    consent: allowed && {},
  };
}

/** When this very person signed in to the session that the interaction began with. */
async function signedInAt(
  accountId: string,
  { interaction }: Pending,
  { provider }: OutcomeOptions,
): Promise<number | undefined> {
  if (interaction.session?.accountId !== accountId) return undefined;
  return (await provider().Session.findByUid(interaction.session.uid))?.loginTs;
}

/** What the page showed is allowed: in the session's grant, and remembered beyond it. */
async function allow(
  { interaction, client, asked, details }: Pending,
  origin: Origin,
  options: OutcomeOptions,
): Promise<string> {
  const { provider, grants } = options;
  const { session, grantId } = interaction;
  if (session === undefined) throw new InteractionExpired('nobody is signed in');
  const { accountId } = session;
  const kept = grantId === undefined ? undefined : await provider().Grant.find(grantId);
  const grant = kept ?? new (provider().Grant)({ accountId, clientId: client.id });
  if (kept === undefined) grant.jti = await newGrantId(session.uid, client.id, grants);
  addAllowed(grant, asked);
  grant.exp = undefined;
  await grant.save();
  await keepConsent({ accountId, allowed: asked, clientId: client.id, details, origin }, options);
  return grant.jti;
}

/** On record for good; both at once, so that they are durable together. */
async function keepConsent(
  { accountId, clientId, allowed, details, origin }: Consented,
  { consents, audit }: OutcomeOptions,
): Promise<void> {
  await Promise.all([
    consents.remember(accountId, clientId, allowed),
    audit.record({
      type: 'consent.granted',
      origin,
      accountId,
      clientId,
      scopes: allowed.scopes,
      resources: Object.keys(allowed.resources),
      ...(details.length > 0 && { details: details.map(({ type }) => type) }),
    }),
  ]);
}

/** Of a sign-in that was given up, nothing is told. */
async function auditRefusal(
  person: string | undefined,
  { interaction, client }: Pending,
  origin: Origin,
  { audit }: OutcomeOptions,
): Promise<void> {
  const isConsent = interaction.prompt.name === 'consent';
  if (person === undefined && !isConsent) return;
  const accountId = person ?? interaction.session?.accountId;
  await audit.record({ type: 'consent.refused', origin, accountId, clientId: client.id });
}
