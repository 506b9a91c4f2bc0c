import {
  errors,
  type Client as EngineClient,
  type ResourceServer as EngineApi,
} from 'oidc-provider';
import type { Audit } from '../../audit/audit.ts';
import { noteIssued } from '../issued.ts';
import type { ProtocolMetrics } from '../metrics.ts';
import type { RequestScopes } from '../request-scope.ts';
import { namedResources, type Resources } from '../resources.ts';
import type { Proven } from './basic-client.ts';
import type { Form } from './peek-form.ts';
import { wantsBoundTokens } from './person-tokens.ts';
import type { GrantLane } from './token.ts';

const GRANT_TYPE = 'client_credentials';
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
  readonly audit: Audit;
  readonly metrics: ProtocolMetrics | undefined;
  readonly resources: Resources;
  readonly scopes: RequestScopes;
}): GrantLane {
  const { resources, scopes } = options;

  async function issue(proven: Proven, api: EngineApi, asked: Asked): Promise<object> {
    const { engineClient: client, provider } = proven;
    const { ClientCredentials, ResourceServer } = provider;
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

  return {
    fields: new Set(['scope', 'resource', 'audience']),
    async answer(form, proven) {
      if (wantsBoundTokens(proven.engineClient)) return undefined;
      const asked = readAsked(form);
      const api = asked && apiFor(asked, proven.engineClient, resources);
      return api && issue(proven, api, asked);
    },
  };
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
