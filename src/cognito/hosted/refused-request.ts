import { issuerOf } from '../pool.ts';
import type { ClientOfPool } from '../pools.ts';

/** The name of the pool itself among its identity providers. */
const OURS = 'COGNITO';

/**
 * Where an application is told that a request cannot be done as it was asked (RFC 6749 section 4.1.2.1). Undefined: it
 * can, or it is not known for sure who asks.
 */
export function refusedRequest(
  query: URLSearchParams,
  { client, pool }: ClientOfPool,
  endpoint: string,
): string | undefined {
  const problem = problemIn(query);
  const [redirectUri = '', ...others] = query.getAll('redirect_uri');
  const isKnown = client.oauth.enabled && client.oauth.callbackUrls.includes(redirectUri);
  if (problem === undefined || !isKnown || others.length > 0) return undefined;
  const [error, description] = problem;
  const url = new URL(redirectUri);
  url.searchParams.set('error', error);
  url.searchParams.set('error_description', description);
  const [state] = query.getAll('state');
  if (state !== undefined) url.searchParams.set('state', state);
  url.searchParams.set('iss', issuerOf(pool, endpoint));
  return url.href;
}

/** What nobody is led to in silence: another way to sign in than the one that was asked for, or to another API. */
function problemIn(
  query: URLSearchParams,
): readonly [error: string, description: string] | undefined {
  const providers = [...query.getAll('identity_provider'), ...query.getAll('idp_identifier')];
  const other = providers.find((name) => name !== '' && name.toUpperCase() !== OURS);
  if (other !== undefined)
    return ['invalid_request', 'identity_provider: the pool has no other identity provider'];
  return query.getAll('resource').length > 1
    ? ['invalid_target', 'resource: a token is for one alone']
    : undefined;
}
