import type { Grant, Interaction as EngineInteraction, Provider } from 'oidc-provider';
import type { Client } from '../clients/clients.ts';
import type { JsonObject } from '../runtime/json.ts';
import { difference, isNothing, NOTHING } from './allowed.ts';
import type { Allowed, Consents } from './consent-queries.ts';
import { claimsIn, everythingIn } from './interaction-view.ts';
import { ORGANIZATION } from './organization-engine.ts';
import type { Permitted } from './permitted.ts';
import { indicatorOf, type Resources } from './resources.ts';
import { isJsonObject, object, text, toJson } from './store/payloads.ts';

/** What the engine tells with every sign-in, so that nobody is asked for it. */
const ASKED_OF_NOBODY: ReadonlySet<string> = new Set([
  'sub',
  'sid',
  'auth_time',
  'acr',
  'amr',
  'iss',
]);

/** What a consent that comes is told from. */
export interface ComingConsentOptions {
  /** The generation of the moment. */
  readonly provider: () => Provider;
  readonly consents: Consents;
  readonly resources: Resources;
  readonly permitted: Permitted;
  readonly engineScopes: ReadonlySet<string>;
  /** Claims that a client may ask for singly. */
  readonly claimNames: ReadonlySet<string>;
}

/**
 * What the engine will ask `accountId` to allow once they have signed in. Undefined: nothing, or there may be
 * something else that comes before it. It only spares the engine a question: whatever is missed here the engine asks.
 */
export async function comingConsent(
  { interaction, client }: { readonly interaction: EngineInteraction; readonly client: Client },
  accountId: string,
  options: ComingConsentOptions,
): Promise<Allowed | undefined> {
  const params = toJson(interaction.params);
  if (isBoundToSomebody(params)) return undefined;
  const everything = await options.permitted.among(
    accountId,
    everythingIn(params, client, options),
    text(params, ORGANIZATION),
  );
  if (isAskedAnyway(params, client)) return everything;
  if (client.policy.firstParty) return undefined;
  const all = { ...everything, claims: singleClaims(params, options.claimNames) };
  const kept = await grantOf(interaction, accountId, options.provider());
  const missing = kept === undefined ? all : difference(all, allowedBy(kept, all));
  if (isNothing(missing)) return undefined;
  const before = await options.consents.find(accountId, client.id);
  const left = difference(missing, before ?? NOTHING);
  return isNothing(left) ? undefined : withoutEmpty(left);
}

/** The engine may refuse whoever signed in, or ask for more, before it comes to consent. */
function isBoundToSomebody(params: JsonObject): boolean {
  if (params['id_token_hint'] !== undefined) return true;
  const claims: unknown = JSON.parse(text(params, 'claims') ?? '{}');
  const told = isJsonObject(claims) ? (object(claims, 'id_token') ?? {}) : {};
  return 'sub' in told || object(told, 'acr')?.['essential'] === true;
}

/** Whatever was allowed before: for details, which are allowed once, by `prompt=consent`, or since anyone can pose as a native app (RFC 8252 section 8.6). */
function isAskedAnyway(params: JsonObject, { metadata, policy }: Client): boolean {
  const prompts = text(params, 'prompt')?.split(' ') ?? [];
  const isNative = text(metadata, 'application_type') === 'native' && !policy.firstParty;
  const isDetailed = params['authorization_details'] !== undefined;
  return isDetailed || isNative || prompts.includes('consent');
}

function singleClaims(params: JsonObject, known: ReadonlySet<string>): readonly string[] {
  return claimsIn(text(params, 'claims')).filter(
    (name) => known.has(name) && !ASKED_OF_NOBODY.has(name),
  );
}

/** The grant of the session, which goes on when the same person signs in again. */
async function grantOf(
  { session, grantId }: EngineInteraction,
  accountId: string,
  provider: Provider,
): Promise<Grant | undefined> {
  if (session?.accountId !== accountId || grantId === undefined) return undefined;
  return await provider.Grant.find(grantId);
}

function allowedBy(grant: Grant, { resources }: Allowed): Allowed {
  return {
    scopes: grant.getOIDCScopeEncountered().split(' '),
    claims: grant.getOIDCClaimsEncountered(),
    resources: Object.fromEntries(
      Object.keys(resources).map((identifier) => [
        identifier,
        grant.getResourceScopeEncountered(indicatorOf(identifier)).split(' '),
      ]),
    ),
  };
}

/** An API of which everything was allowed before is not asked for again. */
function withoutEmpty(allowed: Allowed): Allowed {
  const resources = Object.entries(allowed.resources).filter(([, names]) => names.length > 0);
  return { ...allowed, resources: Object.fromEntries(resources) };
}
