import {
  errors,
  type Client as EngineClient,
  type Provider,
  type ResourceServer as EngineApi,
  type ResourceServerInstance,
} from 'oidc-provider';
import type { Audit } from '../../audit/audit.ts';
import type { Client, ResourceServer } from '../../clients/clients.ts';
import { noteIssued } from '../issued.ts';
import type { ProtocolMetrics } from '../metrics.ts';
import type { RequestScopes } from '../request-scope.ts';
import { namedResources, type Resources } from '../resources.ts';
import type { Proven } from './basic-client.ts';
import type { Form } from './peek-form.ts';
import { wantsBoundTokens } from './person-tokens.ts';
import type { GrantLane } from './token.ts';

const GRANT_TYPE = 'client_credentials';
/** What a form may say beside the grant type. */
const NAMED = ['scope', 'resource', 'audience'] as const;
/** RFC 6749 appendix A.4, but for the rarer characters. */
const SCOPE = /^[\w:./-]+(?: [\w:./-]+)*$/;

interface Asked {
  readonly indicator: string;
  readonly scopes: readonly string[];
}

/** What a request comes to, for as long as its client, the API and the generation are what they were. */
interface Plan {
  readonly provider: Provider;
  readonly api: ResourceServer;
  readonly resourceServer: ResourceServerInstance;
  readonly scope: string | undefined;
}

/** Of one client; more are forgotten, since whoever asks may think of ever new ones. */
const PLANS_MAX = 64;

/**
 * RFC 6749 section 4.4 for a client with a secret that names one API and scopes of it. The token is made by the
 * engine's own model, so that it is like any other.
 */
export function createClientCredentialsLane(options: {
  readonly audit: Audit;
  readonly metrics: ProtocolMetrics | undefined;
  readonly resources: Resources;
  readonly scopes: RequestScopes;
}): GrantLane {
  const { resources, scopes } = options;
  // Ours that has changed is another object; the engine's is not, when only what it does not know of has changed.
  const plans = new WeakMap<Client, Map<string, Plan>>();

  const findApi = ({ resourceServer }: Plan): ResourceServer | undefined =>
    resources.find(resourceServer.identifier());

  function planFor(form: Form, { client, engineClient, provider }: Proven): Plan | undefined {
    const known = plans.get(client) ?? new Map<string, Plan>();
    plans.set(client, known);
    const words = JSON.stringify(NAMED.map((name) => form.get(name)));
    const found = known.get(words);
    if (found?.provider === provider && findApi(found) === found.api) return found;
    const made = makePlan(form, { client: engineClient, provider, resources });
    if (known.size >= PLANS_MAX) known.clear();
    if (made !== undefined) known.set(words, made);
    return made;
  }

  async function issue(proven: Proven, { resourceServer, scope }: Plan): Promise<object> {
    const { engineClient: client, provider } = proven;
    const token = new provider.ClientCredentials({ client, scope });
    token.resourceServer = resourceServer;
    const value = await token.save();
    const { origin } = scopes.current();
    noteIssued({ origin, clientId: client.clientId, grantType: GRANT_TYPE, token }, options);
    return {
      access_token: value,
      expires_in: token.expiration,
      scope: token.scope,
      token_type: 'Bearer',
    };
  }

  return {
    fields: new Set(NAMED),
    async answer(form, proven) {
      if (wantsBoundTokens(proven.engineClient)) return undefined;
      const plan = planFor(form, proven);
      return plan && issue(proven, plan);
    },
  };
}

function makePlan(
  form: Form,
  {
    client,
    provider,
    resources,
  }: {
    readonly client: EngineClient;
    readonly provider: Provider;
    readonly resources: Resources;
  },
): Plan | undefined {
  const asked = readAsked(form);
  if (asked === undefined) return undefined;
  const api = resources.find(asked.indicator);
  const forClient = apiFor(asked, client, resources);
  if (api === undefined || forClient === undefined) return undefined;
  const resourceServer = new provider.ResourceServer(asked.indicator, forClient);
  return { provider, api, resourceServer, scope: asked.scopes.join(' ') || undefined };
}

function readAsked(form: Form): Asked | undefined {
  const indicator = namedResources(form.get('resource'), form.get('audience'));
  if (typeof indicator !== 'string' || indicator.includes('#')) return undefined;
  const scope = form.get('scope');
  if (scope === undefined) return { indicator, scopes: [] };
  return SCOPE.test(scope) ? { indicator, scopes: [...new Set(scope.split(' '))] } : undefined;
}

/** Undefined: it may not ask for this API, or not for all of these scopes. */
function apiFor(
  { indicator, scopes }: Asked,
  client: EngineClient,
  resources: Resources,
): EngineApi | undefined {
  try {
    const api = resources.forClient(indicator, client, 'itself');
    const known = new Set(api.scope?.split(' '));
    return scopes.every((scope) => known.has(scope)) ? api : undefined;
  } catch (error) {
    if (error instanceof errors.InvalidTarget) return undefined;
    throw error;
  }
}
