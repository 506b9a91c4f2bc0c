import type { JsonObject } from '../runtime/json.ts';
import { authenticationProblems, flowProblems, subjectProblems } from './coherence.ts';
import { ENCRYPTED_ANSWERS, encryptionProblems } from './encryption-coherence.ts';
import { isSharedSecretAlgorithm } from './encryption-keys.ts';
import {
  METADATA_FIELDS,
  type Metadata,
  type MetadataName,
  type MetadataProblem,
} from './metadata-fields.ts';
import { redirectUriProblem } from './redirect-uri.ts';
import { profileProblems, type SecurityProfile } from './security-profile.ts';
import { endpointUrlProblem, pageUrlProblem, type UrlRules } from './web-url.ts';

/** Who speaks, and where. */
export interface MetadataRules extends UrlRules {
  /** An unknown name is a mistake (the configuration, the CLI), not to be ignored (RFC 7591 section 2). */
  readonly isStrict: boolean;
  /** What the client is held to. */
  readonly security?: SecurityProfile | undefined;
}

/** What can be registered of it, and all that cannot. Metadata with problems must not be kept. */
export interface MetadataRead {
  readonly metadata: JsonObject;
  readonly problems: readonly MetadataProblem[];
}

const PAGES = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const;
const ENDPOINTS = [
  'jwks_uri',
  'backchannel_logout_uri',
  'backchannel_client_notification_endpoint',
] as const;
/** Https whatever the profile: the specifications leave no choice, and the engine none either. */
const HTTPS_ENDPOINTS = ['initiate_login_uri', 'sector_identifier_uri'] as const;

/** Reads client metadata with RFC 7591 names, its defaults filled in. Tells every mistake. */
export function readMetadata(raw: JsonObject, rules: MetadataRules): MetadataRead {
  const { values, problems } = readFields(raw, rules);
  const metadata = withDefaults(values);
  return {
    // What Zod gives for these fields is JSON, since it came from JSON.
    metadata: JSON.parse(JSON.stringify(metadata)),
    problems: [
      ...problems,
      ...PAGES.flatMap((name) => at(name, metadata[name], (url) => pageUrlProblem(url, rules))),
      ...ENDPOINTS.flatMap((name) =>
        at(name, metadata[name], (url) => endpointUrlProblem(url, rules)),
      ),
      ...HTTPS_ENDPOINTS.flatMap((name) => at(name, metadata[name], httpsProblem)),
      ...redirectProblems(metadata, rules),
      ...flowProblems(metadata, problems),
      ...authenticationProblems(metadata),
      ...subjectProblems(metadata),
      ...encryptionProblems(metadata),
      ...profileProblems(metadata, rules.security),
    ],
  };
}

/** The methods that rest on a secret both sides know. */
export function needsSecret(metadata: JsonObject): boolean {
  const method = metadata['token_endpoint_auth_method'];
  return (
    (typeof method === 'string' && method.startsWith('client_secret_')) || isSecretAKey(metadata)
  );
}

/** The secret itself is needed, not only something to hold one against. */
export function needsSharedSecret(metadata: JsonObject): boolean {
  return metadata['token_endpoint_auth_method'] === 'client_secret_jwt' || isSecretAKey(metadata);
}

/** No secret of any kind: whatever names its id is it (RFC 6749 section 2.1). */
export function isPublic(metadata: JsonObject): boolean {
  return metadata['token_endpoint_auth_method'] === 'none';
}

/** We sign, encrypt or decrypt with it ourselves (OpenID Connect Core sections 10.1 and 10.2). */
function isSecretAKey(metadata: JsonObject): boolean {
  const signing = metadata['id_token_signed_response_alg'];
  return (
    (typeof signing === 'string' && signing.startsWith('HS')) ||
    isSharedSecretAlgorithm(metadata['request_object_encryption_alg']) ||
    ENCRYPTED_ANSWERS.some((name) =>
      isSharedSecretAlgorithm(metadata[`${name}_encrypted_response_alg`]),
    )
  );
}

function readFields(
  raw: JsonObject,
  { isStrict }: MetadataRules,
): { readonly values: Metadata; readonly problems: readonly MetadataProblem[] } {
  const problems: MetadataProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (!isKnown(name)) {
      // So are id and secret: the server gives them, and no client chooses (RFC 7591 section 3.2.1).
      if (isStrict) problems.push({ path: [name], message: 'is unknown' });
      continue;
    }
    // Registration sends null for what it leaves out (RFC 7592 section 2.2).
    if (value === null) continue;
    const result = METADATA_FIELDS[name].safeParse(value);
    values[name] = result.data;
    problems.push(...(result.error?.issues ?? []).map((issue) => located(name, issue)));
  }
  return { values, problems };
}

function isKnown(name: string): name is MetadataName {
  return Object.hasOwn(METADATA_FIELDS, name);
}

function located(
  name: string,
  { path, message }: { readonly path: readonly PropertyKey[]; readonly message: string },
): MetadataProblem {
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)));
  return { path: [name, ...steps], message };
}

/** Those of RFC 7591 section 2; a client without redirects has no response types either. */
function withDefaults(values: Metadata): Metadata & Required<Pick<Metadata, MetadataWithDefault>> {
  const grantTypes = values.grant_types ?? ['authorization_code'];
  return {
    ...values,
    application_type: values.application_type ?? 'web',
    grant_types: grantTypes,
    response_types:
      values.response_types ?? (grantTypes.includes('authorization_code') ? ['code'] : []),
    redirect_uris: values.redirect_uris ?? [],
    token_endpoint_auth_method: values.token_endpoint_auth_method ?? 'client_secret_basic',
  };
}

type MetadataWithDefault =
  | 'application_type'
  | 'grant_types'
  | 'response_types'
  | 'redirect_uris'
  | 'token_endpoint_auth_method';

function at(
  name: string,
  value: string | undefined,
  problemOf: (value: string) => string | undefined,
): readonly MetadataProblem[] {
  const message = value === undefined ? undefined : problemOf(value);
  return message === undefined ? [] : [{ path: [name], message }];
}

function httpsProblem(url: string): string | undefined {
  const problem = endpointUrlProblem(url, { isDev: true });
  return problem === undefined && !url.startsWith('https:') ? 'must be https' : problem;
}

function redirectProblems(
  metadata: Metadata,
  { isDev }: MetadataRules,
): readonly MetadataProblem[] {
  const rules = { isDev, isNative: metadata.application_type === 'native' };
  return (['redirect_uris', 'post_logout_redirect_uris'] as const).flatMap((name) =>
    (metadata[name] ?? []).flatMap((uri, index) => {
      const message = redirectUriProblem(uri, rules);
      return message === undefined ? [] : [{ path: [name, index], message }];
    }),
  );
}
