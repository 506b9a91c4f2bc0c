import type { Interaction as EngineInteraction } from 'oidc-provider';
import type { Client, ResourceServer } from '../clients/clients.ts';
import { hostOfDocument } from '../clients/documents/document-url.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Allowed } from './consent-queries.ts';
import type { ShownDetail } from './authorization-details/authorization-details.ts';
import type { ClientView, ConsentRequest, Interaction } from './contract.ts';
import { ACR } from './acr.ts';
import { identifierOf, scopesFor, type Resources } from './resources.ts';
import { isJsonObject, object, text, texts, toJson } from './store/payloads.ts';

const PROMPTS = ['create', 'login', 'select_account', 'consent'] as const;
/** Asked although everything may have been allowed before: then everything is shown. */
const ASKED_ANYWAY = ['consent_prompt', 'native_client_prompt', 'rar_prompt'];

/** What a page may say of `client`. Links that are not http(s) are left out. */
export function viewOfClient({ id, metadata, policy, source }: Client): ClientView {
  const link = (name: string): string | undefined => {
    const url = text(metadata, name);
    return url !== undefined && /^https?:\/\//.test(url) && URL.canParse(url) ? url : undefined;
  };
  return {
    id,
    name: text(metadata, 'client_name') ?? id,
    host: source === 'document' ? hostOfDocument(id) : undefined,
    uri: link('client_uri'),
    logoUri: link('logo_uri'),
    policyUri: link('policy_uri'),
    tosUri: link('tos_uri'),
    firstParty: policy.firstParty,
    secondFactor: policy.secondFactor,
  };
}

/** What an interaction is about, in our words. */
export function viewOfInteraction(
  interaction: EngineInteraction,
  client: Client,
  {
    consent,
    startParameter,
  }: { readonly consent: ConsentRequest; readonly startParameter: string | undefined },
): Interaction {
  const params = toJson(interaction.params);
  const words = (name: string): readonly string[] =>
    text(params, name)?.split(' ').filter(Boolean) ?? [];
  const prompt = PROMPTS.find((name) => name === interaction.prompt.name);
  if (prompt === undefined) throw new TypeError(`no page for prompt ${interaction.prompt.name}`);
  return {
    uid: interaction.uid,
    prompt,
    reasons: interaction.prompt.reasons,
    client: viewOfClient(client),
    loginHint: text(params, 'login_hint') ?? '',
    start: startParameter === undefined ? undefined : text(params, startParameter),
    uiLocales: words('ui_locales'),
    isMultiFactorAsked: isMultiFactorAsked(words('acr_values'), text(params, 'claims')),
    accountId: interaction.session?.accountId,
    amr: interaction.session?.amr ?? [],
    consent: prompt === 'consent' ? consent : undefined,
  };
}

/** What a consent page asks for: what is missing, or everything when it is shown anyway. */
export function askedConsent(
  interaction: EngineInteraction,
  client: Client,
  options: { readonly resources: Resources; readonly engineScopes: ReadonlySet<string> },
): Allowed {
  const { reasons, details } = interaction.prompt;
  if (reasons.some((reason) => ASKED_ANYWAY.includes(reason)))
    return everythingIn(toJson(interaction.params), client, options);
  const missing = toJson(details);
  const byIndicator = object(missing, 'missingResourceScopes') ?? {};
  return {
    scopes: texts(missing, 'missingOIDCScope'),
    claims: texts(missing, 'missingOIDCClaims'),
    resources: Object.fromEntries(
      Object.keys(byIndicator).map((name) => [identifierOf(name), texts(byIndicator, name)]),
    ),
  };
}

/** Everything that a request asks for. */
export function everythingIn(
  params: JsonObject,
  client: Client,
  options: { readonly resources: Resources; readonly engineScopes: ReadonlySet<string> },
): Allowed {
  const scopes = text(params, 'scope')?.split(' ') ?? [];
  const named = [params['resource']].flat().filter((one) => typeof one === 'string');
  const apis = named
    .map((indicator) => options.resources.find(indicator))
    .filter((api) => api !== undefined);
  return {
    scopes: scopes.filter((scope) => options.engineScopes.has(scope)),
    claims: claimsIn(text(params, 'claims')),
    resources: Object.fromEntries(
      apis.map((api) => [
        api.identifier,
        scopesFor(client, api).filter((scope) => scopes.includes(scope)),
      ]),
    ),
  };
}

/** By RFC 9470 section 4, or OpenID Connect Core section 5.5.1.1. */
function isMultiFactorAsked(
  acrValues: readonly string[],
  claimsParameter: string | undefined,
): boolean {
  if (asksForMultiple(acrValues)) return true;
  const claims: unknown = claimsParameter === undefined ? {} : JSON.parse(claimsParameter);
  if (!isJsonObject(claims)) return false;
  const acr = object(object(claims, 'id_token') ?? {}, 'acr') ?? {};
  if (acr['essential'] !== true) return false;
  return asksForMultiple([text(acr, 'value') ?? [], ...texts(acr, 'values')].flat());
}

/** Whether one of our classes does, and the lesser one would not. */
export function asksForMultiple(acrValues: readonly string[]): boolean {
  return acrValues.includes(ACR.multiple) && !acrValues.includes(ACR.single);
}

/** Names in a `claims` parameter (OpenID Connect Core section 5.5), which the engine has parsed before. */
export function claimsIn(parameter: string | undefined): readonly string[] {
  const claims: unknown = parameter === undefined ? {} : JSON.parse(parameter);
  if (!isJsonObject(claims)) return [];
  const names = ['userinfo', 'id_token'].flatMap((place) =>
    Object.keys(object(claims, place) ?? {}),
  );
  return [...new Set(names)];
}

/** What was or would be allowed, with the words of the APIs for it. */
export function consentView(
  asked: Allowed,
  resources: Resources,
  details: readonly ShownDetail[] = [],
): ConsentRequest {
  const apis = Object.keys(asked.resources)
    .map((identifier) => resources.find(identifier))
    .filter((api) => api !== undefined);
  return {
    scopes: asked.scopes,
    claims: asked.claims,
    resources: apis.map((api) => ({
      identifier: api.identifier,
      name: api.name,
      scopes: described(api, asked.resources[api.identifier] ?? []),
    })),
    details,
  };
}

function described(
  api: ResourceServer,
  names: readonly string[],
): readonly { readonly name: string; readonly description: string }[] {
  return names.map((name) => ({ name, description: api.scopes.get(name) ?? name }));
}
