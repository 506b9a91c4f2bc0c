import type { JsonObject } from '../../runtime/json.ts';
import { readMetadata, type MetadataRead, type MetadataRules } from '../metadata.ts';
import { isLoopbackHost } from '../web-url.ts';

/** What a document can say of a client; anything else in it is left alone. */
const NAMES: ReadonlySet<string> = new Set([
  'client_name',
  'client_uri',
  'policy_uri',
  'tos_uri',
  'contacts',
  'application_type',
  'redirect_uris',
  'post_logout_redirect_uris',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'jwks',
  'jwks_uri',
  'id_token_signed_response_alg',
  'scope',
  'dpop_bound_access_tokens',
]);
/** Only people can give rights to a client that nobody here has looked at. */
const GRANT_TYPES = ['authorization_code', 'refresh_token'];
const AUTH_METHODS: ReadonlySet<unknown> = new Set(['none', 'private_key_jwt']);

/**
 * The metadata in the document at `id`, with all that is wrong with it (draft-ietf-oauth-client-id-metadata-document
 * section 4). It can neither hold a secret nor claim a page of another host for its own.
 */
export function readDocument(
  id: string,
  document: JsonObject,
  rules: Pick<MetadataRules, 'isDev'>,
): MetadataRead {
  const said = Object.fromEntries(Object.entries(document).filter(([name]) => NAMES.has(name)));
  const method = said['token_endpoint_auth_method'] ?? 'none';
  const { metadata, problems } = readMetadata(
    {
      ...said,
      client_uri: ownPage(id, said['client_uri']),
      application_type: said['application_type'] ?? applicationType(said['redirect_uris']),
      grant_types: known(document['grant_types'], GRANT_TYPES) ?? ['authorization_code'],
      response_types: known(document['response_types'], ['code']) ?? ['code'],
      token_endpoint_auth_method: method,
    },
    { ...rules, isStrict: false },
  );
  const holdsSecret = 'client_secret' in document || 'client_secret_expires_at' in document;
  return {
    metadata,
    problems: [
      ...problems,
      ...(document['client_id'] === id
        ? []
        : [{ path: ['client_id'], message: 'must be the URL of the document itself' }]),
      ...(holdsSecret ? [{ path: ['client_secret'], message: 'must not be there' }] : []),
      ...(AUTH_METHODS.has(method)
        ? []
        : [{ path: ['token_endpoint_auth_method'], message: 'must be none or private_key_jwt' }]),
    ],
  };
}

/** A link on the consent page that leads elsewhere would lend the client the name of others. */
function ownPage(id: string, uri: unknown): string {
  const { host, origin } = new URL(id);
  return typeof uri === 'string' && URL.parse(uri)?.host === host ? uri : `${origin}/`;
}

/** Most who come back to this machine do not say that they are native, and could not otherwise (RFC 8252). */
function applicationType(redirectUris: unknown): 'native' | 'web' {
  const uris: readonly unknown[] = Array.isArray(redirectUris) ? redirectUris : [];
  return uris.some((uri) => typeof uri === 'string' && comesBackHere(uri)) ? 'native' : 'web';
}

function comesBackHere(uri: string): boolean {
  const url = URL.parse(uri);
  return url !== null && (!/^https?:$/.test(url.protocol) || isLoopbackHost(url.hostname));
}

/** What of a list is spoken here: a document is for all servers, and may name what only others do. */
function known(list: unknown, spoken: readonly string[]): string[] | undefined {
  return Array.isArray(list) ? spoken.filter((one) => list.includes(one)) : undefined;
}
