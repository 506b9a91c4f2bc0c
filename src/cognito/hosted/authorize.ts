import type { HostedProtocol } from '../../http/site.ts';
import type { ClientOfPool, Pools } from '../pools.ts';
import { START_PARAMETER } from './dialect.ts';
import { STARTS } from './paths.ts';
import { refusedRequest } from './refused-request.ts';

/** The engine's own. */
const ENGINE_PATH = '/authorize';
/** Where a browser comes back to from a page. */
const RESUMED = /^\/authorize\/[\w-]+$/;
/** Where a browser says that somebody else goes on in it. */
const SWITCHED = '/logout/confirm';
/** `/login` is the same request by another name; the others begin it at another page. */
const PATHS: ReadonlySet<string> = new Set(['/oauth2/authorize', '/login', ...STARTS]);
/** What Cognito knows; the engine knows more, which is left out here. */
const KNOWN = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'login_hint',
  'nonce',
  'prompt',
  'redirect_uri',
  'resource',
  'response_type',
  'scope',
  'state',
] as const;

/** `protocol` at the paths of Cognito, for requests as its applications make them; and at no other. */
export function atHostedPaths(
  protocol: HostedProtocol,
  { pools, endpoint }: { readonly pools: Pick<Pools, 'findClient'>; readonly endpoint: string },
): HostedProtocol {
  return {
    document: () => undefined,
    owns: (path) => PATHS.has(path) || RESUMED.test(path) || path === SWITCHED,
    async handle(request, response, origin, tls) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      if (PATHS.has(pathname)) {
        const found = await pools.findClient(searchParams.get('client_id') ?? '');
        if (found !== undefined) addRedirectUri(searchParams, found);
        const refused = found && refusedRequest(searchParams, found, endpoint);
        if (refused !== undefined) {
          response.writeHead(303, { Location: refused, 'Cache-Control': 'no-store' }).end();
          return;
        }
        const query = engineQuery(searchParams, { pathname, found });
        request.url = `${ENGINE_PATH}?${query.toString()}`;
      }
      await protocol.handle(request, response, origin, tls);
    },
  };
}

/** Whoever names none is led where the client leads by default. */
function addRedirectUri(sent: URLSearchParams, { client }: ClientOfPool): void {
  const { defaultRedirectUri } = client.oauth;
  if ((sent.get('redirect_uri') ?? '') === '' && defaultRedirectUri !== undefined)
    sent.set('redirect_uri', defaultRedirectUri);
}

/** A parameter that is sent twice stays so, for the engine to refuse. */
function engineQuery(
  sent: URLSearchParams,
  { pathname, found }: { readonly pathname: string; readonly found: ClientOfPool | undefined },
): URLSearchParams {
  const query = new URLSearchParams(
    KNOWN.flatMap((name) => sent.getAll(name).map((value): [string, string] => [name, value])),
  );
  const language = sent.get('lang');
  if (language !== null) query.set('ui_locales', language);
  // Who names no scope asks for all that the client may have.
  if ((query.get('scope') ?? '') === '' && found !== undefined)
    query.set('scope', found.client.oauth.scopes.join(' '));
  // Whoever is signed in has come for another user, or another password.
  if (STARTS.some((start) => start === pathname)) {
    query.set(START_PARAMETER, pathname);
    query.set('prompt', 'login');
  }
  return query;
}
