import { z } from 'zod';
import { plainIp } from '../client-certificates/certificate-names.ts';
import { parseDistinguishedName } from '../client-certificates/distinguished-name.ts';
import { FURTHER_GRANT } from './further-grants.ts';
import { CLIENT_ENCRYPTION_ALGORITHMS, REQUEST_ENCRYPTION_ALGORITHMS } from './encryption-keys.ts';
import { publicKeySet } from './key-set.ts';

const URIS_MAX = 100;
/** Control characters, and those that turn the direction of writing: a name is shown where trust is asked. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
/** As the engine wants it, which is how browsers check an address. */
const EMAIL = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*$/;
/** Scope tokens with one space between (RFC 6749 section 3.3). */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

const signingAlgorithm = z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']);
const encryptionAlgorithm = z.enum(CLIENT_ENCRYPTION_ALGORITHMS);
const contentEncryption = z.enum(['A256GCM']);
const uri = z.string().min(1);
const uris = z.array(uri).max(URIS_MAX);

/**
 * What may be registered of a client, by RFC 7591 name, and the form of each: RFC 7591, OpenID Connect
 * Registration, RP-Initiated and Back-Channel Logout, RFC 9101, RFC 9126, RFC 9449, RFC 9701 and JARM. What a URI must be, and what
 * must fit together, is looked at in `metadata.ts`.
 */
export const METADATA_FIELDS = {
  client_name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine((name) => !UNPRINTABLE.test(name), { error: 'must not hold invisible characters' }),
  client_uri: uri,
  logo_uri: uri,
  policy_uri: uri,
  tos_uri: uri,
  contacts: z
    .array(z.string().max(254).regex(EMAIL, { error: 'expected an e-mail address' }))
    .max(20),
  application_type: z.enum(['web', 'native']),
  redirect_uris: uris,
  post_logout_redirect_uris: uris,
  response_types: z.array(z.enum(['code', 'id_token', 'code id_token'])),
  grant_types: z
    .array(
      z.union(
        [
          z.enum([
            'authorization_code',
            'refresh_token',
            'client_credentials',
            'implicit',
            'urn:ietf:params:oauth:grant-type:device_code',
            'urn:ietf:params:oauth:grant-type:token-exchange',
            'urn:ietf:params:oauth:grant-type:jwt-bearer',
            'urn:openid:params:grant-type:ciba',
          ]),
          z.string().regex(FURTHER_GRANT),
        ],
        { error: 'is no grant type that there is' },
      ),
    )
    .min(1),
  token_endpoint_auth_method: z.enum([
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'none',
  ]),
  token_endpoint_auth_signing_alg: z.enum([
    'RS256',
    'PS256',
    'ES256',
    'EdDSA',
    'Ed25519',
    'HS256',
    'HS384',
    'HS512',
  ]),
  id_token_signed_response_alg: z.enum(['RS256', 'PS256', 'ES256', 'EdDSA', 'HS256']),
  id_token_encrypted_response_alg: encryptionAlgorithm,
  id_token_encrypted_response_enc: contentEncryption,
  authorization_signed_response_alg: signingAlgorithm,
  authorization_encrypted_response_alg: encryptionAlgorithm,
  authorization_encrypted_response_enc: contentEncryption,
  introspection_signed_response_alg: signingAlgorithm,
  introspection_encrypted_response_alg: encryptionAlgorithm,
  introspection_encrypted_response_enc: contentEncryption,
  userinfo_signed_response_alg: signingAlgorithm,
  userinfo_encrypted_response_alg: encryptionAlgorithm,
  userinfo_encrypted_response_enc: contentEncryption,
  request_object_signing_alg: signingAlgorithm,
  request_object_encryption_alg: z.enum(REQUEST_ENCRYPTION_ALGORITHMS),
  request_object_encryption_enc: contentEncryption,
  require_signed_request_object: z.boolean(),
  authorization_details_types: z.array(z.string().min(1).max(100)).max(50),
  jwks: publicKeySet,
  jwks_uri: uri,
  sector_identifier_uri: uri,
  subject_type: z.enum(['public', 'pairwise']),
  scope: z.string().max(2000).regex(SCOPE, { error: 'expected scopes with a space between' }),
  default_max_age: z.int().min(0),
  require_auth_time: z.boolean(),
  default_acr_values: z.array(z.string().min(1).max(255)).max(20),
  initiate_login_uri: uri,
  backchannel_token_delivery_mode: z.enum(['poll', 'ping']),
  backchannel_client_notification_endpoint: uri,
  backchannel_logout_uri: uri,
  backchannel_logout_session_required: z.boolean(),
  require_pushed_authorization_requests: z.boolean(),
  dpop_bound_access_tokens: z.boolean(),
  tls_client_certificate_bound_access_tokens: z.boolean(),
  tls_client_auth_subject_dn: z
    .string()
    .max(1000)
    .refine((text) => parseDistinguishedName(text) !== undefined, {
      error: 'expected a name such as "CN=billing,O=Example,C=DE" (RFC 4514)',
    }),
  tls_client_auth_san_dns: z
    .string()
    .max(253)
    .regex(/^[a-zA-Z0-9_-]+(?:\.[a-zA-Z0-9_-]+)*$/, { error: 'expected a host name' }),
  tls_client_auth_san_uri: uri.max(2000),
  tls_client_auth_san_ip: z
    .string()
    .refine((text) => plainIp(text) !== undefined, { error: 'expected an IP address' }),
  tls_client_auth_san_email: z
    .string()
    .max(254)
    .regex(EMAIL, { error: 'expected an e-mail address' }),
  software_id: z.string().min(1).max(255),
  software_version: z.string().min(1).max(255),
} as const;

/** A name that may be registered. */
export type MetadataName = keyof typeof METADATA_FIELDS;

/** What is registered of a client, each field of the right form. */
export type Metadata = {
  readonly [Name in MetadataName]?: z.output<(typeof METADATA_FIELDS)[Name]> | undefined;
};

/** One mistake, and the way to it. */
export interface MetadataProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
