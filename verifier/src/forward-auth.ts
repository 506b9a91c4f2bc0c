import { admit, type Requirements } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import {
  nodeTokenRequest,
  readTarget,
  type NodeRequest,
  type TokenRequest,
} from './presentation.ts';
import type { Verifier } from './verifier.ts';

/** Who asks, and so how it says what it asks about: only its own words are believed, not those a client could add. */
export type ForwardingProxy = 'nginx' | 'traefik' | 'envoy';

export interface ForwardAuthOptions {
  readonly proxy: ForwardingProxy;
  /** Of every request. With nginx and Traefik the address may name more: `/verify?scope=a&role=b&permission=c&bound`. */
  readonly requirements?: Requirements | undefined;
}

/** As much of a response of `node:http` as is used. */
export interface ForwardAuthResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string): unknown;
}

const PATH = '/verify';

/**
 * Answers a proxy whether to let a request through, from memory: 200 with `x-auth-*` headers that say whose it is; 401, 403 or 503
 * with what to answer. nginx (`auth_request`) and Traefik (`ForwardAuth`) ask `GET /verify`; Envoy (`ext_authz` over HTTP) puts `/verify` before
 * the path. To be reached by the proxy alone. Gives false when the request is for something else.
 */
export function createForwardAuth(
  verifier: Verifier,
  { proxy, requirements = {} }: ForwardAuthOptions,
): (request: NodeRequest, response: ForwardAuthResponse) => Promise<boolean> {
  const isEnvoy = proxy === 'envoy';
  return async (request, response) => {
    const { path, query } = readTarget(request.url ?? '');
    if (path !== PATH && !(isEnvoy && path.startsWith(`${PATH}/`))) return false;
    const admission = await admit(
      verifier,
      askedAbout(request, proxy),
      // Behind Envoy's prefix the query is the client's.
      isEnvoy ? requirements : joined(requirements, query),
    );
    if (admission.kind === 'admitted') {
      response.writeHead(200, identityHeaders(admission.claims));
      response.end();
    } else {
      const { status, headers, body } = admission.refusal;
      response.writeHead(status, { ...headers, 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    }
    return true;
  };
}

/** The request that the proxy asks about, whose connection it has. */
function askedAbout(request: NodeRequest, proxy: ForwardingProxy): TokenRequest {
  const asked = { ...nodeTokenRequest(request), certificate: () => undefined };
  if (proxy === 'envoy') return { ...asked, target: asked.target.slice(PATH.length) };
  const prefix = proxy === 'nginx' ? 'x-original' : 'x-forwarded';
  return {
    ...asked,
    method: asked.header(`${prefix}-method`) ?? '',
    target: asked.header(`${prefix}-uri`) ?? '',
  };
}

function joined(requirements: Requirements, query: URLSearchParams): Requirements {
  const { scopes = [], roles = [], permissions = [], isBound = false } = requirements;
  return {
    scopes: [...scopes, ...query.getAll('scope').flatMap((scope) => scope.split(' '))],
    roles: [...roles, ...query.getAll('role')],
    permissions: [...permissions, ...query.getAll('permission')],
    isBound: isBound || query.has('bound'),
  };
}

/** All of them each time, so that a proxy that copies them overwrites whatever a client has sent. */
function identityHeaders(claims: AccessTokenClaims): Record<string, string> {
  return {
    'x-auth-subject': encoded(claims.sub),
    'x-auth-client': encoded(claims.clientId),
    'x-auth-scopes': claims.scopes.map(encoded).join(' '),
    'x-auth-roles': claims.roles.map(encoded).join(' '),
    'x-auth-permissions': claims.permissions.map(encoded).join(' '),
    'cache-control': 'no-store',
  };
}

/** Percent-encodes what cannot stand in a header, and the percent sign and spaces, so that what is read is what was meant. */
function encoded(text: string): string {
  return text.toWellFormed().replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
}
