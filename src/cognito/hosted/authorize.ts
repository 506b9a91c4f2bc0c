import type { HostedProtocol } from '../../http/site.ts';
import type { Pools } from '../pools.ts';

/** The engine's own. */
const ENGINE_PATH = '/authorize';
/** Where a browser comes back to from a page. */
const RESUMED = /^\/authorize\/[\w-]+$/;
/** `/login` is the same request by another name. */
const PATHS: ReadonlySet<string> = new Set(['/oauth2/authorize', '/login']);
/** What Cognito knows; the engine knows more, which is left out here. */
const KNOWN = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'login_hint',
  'nonce',
  'prompt',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
] as const;

/** `protocol` at the paths of Cognito, for requests as its applications make them; and at no other. */
export function atHostedPaths(
  protocol: HostedProtocol,
  { pools }: { readonly pools: Pick<Pools, 'findClient'> },
): HostedProtocol {
  return {
    document: () => undefined,
    owns: (path) => PATHS.has(path) || RESUMED.test(path),
    async handle(request, response, origin, tls) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      if (PATHS.has(pathname)) {
        const query = await engineQuery(searchParams, pools);
        request.url = `${ENGINE_PATH}?${query.toString()}`;
      }
      await protocol.handle(request, response, origin, tls);
    },
  };
}

/** A parameter that is sent twice stays so, for the engine to refuse. */
async function engineQuery(
  sent: URLSearchParams,
  pools: Pick<Pools, 'findClient'>,
): Promise<URLSearchParams> {
  const query = new URLSearchParams(
    KNOWN.flatMap((name) => sent.getAll(name).map((value): [string, string] => [name, value])),
  );
  const language = sent.get('lang');
  if (language !== null) query.set('ui_locales', language);
  if ((query.get('scope') ?? '') === '') {
    // Who names no scope asks for all that the client may have.
    const { client } = (await pools.findClient(sent.get('client_id') ?? '')) ?? {};
    if (client !== undefined) query.set('scope', client.oauth.scopes.join(' '));
  }
  return query;
}
