import {
  errors,
  type Client as EngineClient,
  type Provider,
  type ResourceServer as EngineApi,
} from 'oidc-provider';
import type { Audit } from '../../audit/audit.ts';
import type { Admission } from '../admission.ts';
import { noteIssued } from '../issued.ts';
import type { ProtocolMetrics } from '../metrics.ts';
import type { RequestScopes } from '../request-scope.ts';
import { namedResources, type Resources } from '../resources.ts';
import { ROUTES } from '../routes.ts';
import type { ProveClient } from './basic-client.ts';
import type { Lane } from './lane.ts';
import { peekForm, type Form } from './peek-form.ts';

const GRANT_TYPE = 'client_credentials';
const KNOWN: ReadonlySet<string> = new Set(['grant_type', 'scope', 'resource', 'audience']);
/** RFC 6749 appendix A.4, but for the rarer characters. */
const SCOPE = /^[\w:./-]+(?: [\w:./-]+)*$/;

interface Asked {
  readonly indicator: string;
  readonly scopes: readonly string[];
}

/**
 * RFC 6749 section 4.4 for a client with a secret that names one API and scopes of it. The token is made by the
 * engine's own model, so that it is like any other.
 */
export function createClientCredentialsLane(options: {
  readonly admission: Admission;
  readonly audit: Audit;
  readonly metrics: ProtocolMetrics | undefined;
  readonly proveClient: ProveClient;
  readonly provider: () => Provider;
  readonly resources: Resources;
  readonly scopes: RequestScopes;
}): Lane {
  const { admission, proveClient, provider, resources, scopes } = options;

  async function issue(client: EngineClient, api: EngineApi, asked: Asked): Promise<object> {
    const { ClientCredentials, ResourceServer } = provider();
    const token = new ClientCredentials({ client, scope: asked.scopes.join(' ') || undefined });
    token.resourceServer = new ResourceServer(asked.indicator, api);
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

  return async (request) => {
    const form = await peekForm(request);
    const asked = form && readAsked(form);
    if (asked === undefined) return undefined;
    // Before client and API are read: whatever is revoked from now on is newer.
    scopes.current().mark = await admission.markFor(ROUTES.token);
    const client = (await proveClient(request.headers.authorization))?.engineClient;
    if (client?.grantTypeAllowed(GRANT_TYPE) !== true) return undefined;
    const api = apiFor(asked, client, resources);
    return api && issue(client, api, asked);
  };
}

function readAsked(form: Form): Asked | undefined {
  const isKnown = [...form.keys()].every((name) => KNOWN.has(name));
  if (!isKnown || form.get('grant_type') !== GRANT_TYPE) return undefined;
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
    const api = resources.forClient(indicator, client);
    const known = new Set(api.scope?.split(' '));
    return scopes.every((scope) => known.has(scope)) ? api : undefined;
  } catch (error) {
    if (error instanceof errors.InvalidTarget) return undefined;
    throw error;
  }
}
