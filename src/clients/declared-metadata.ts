import type { Json, JsonObject } from '../runtime/json.ts';
import type { DeclaredClient } from './config.ts';
import { METADATA_FIELDS } from './metadata-fields.ts';

const SHORTENED: ReadonlyMap<string, string> = new Map([
  ['client_name', 'name'],
  ['client_uri', 'uri'],
]);
/** What each type of client says of itself unless it is written out. */
const BY_TYPE: Readonly<Record<DeclaredClient['type'], JsonObject>> = {
  web: {
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
  spa: {
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  },
  native: {
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  },
  device: {
    application_type: 'native',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  },
  machine: {
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
};

/** `redirect_uris` -> `redirectUris`: under which name the configuration has it. */
export function settingNameOf(metadataName: string): string {
  return (
    SHORTENED.get(metadataName) ??
    metadataName.replace(/_(?<letter>[a-z])/g, (_, letter: string) => letter.toUpperCase())
  );
}

/** The metadata (RFC 7591) of a declared client, not yet checked. */
export function metadataOf(declared: DeclaredClient): JsonObject {
  const settings = new Map<string, Json | undefined>(Object.entries(plain(declared)));
  const written = Object.keys(METADATA_FIELDS).flatMap((name) => {
    const value = settings.get(settingNameOf(name));
    return value === undefined ? [] : [[name, value] as const];
  });
  return { client_name: declared.id, ...BY_TYPE[declared.type], ...Object.fromEntries(written) };
}

/** Without what is undefined, as JSON has it. */
function plain(declared: DeclaredClient): JsonObject {
  const value: JsonObject = JSON.parse(JSON.stringify(declared));
  return value;
}
