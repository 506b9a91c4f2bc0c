import type { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import {
  Provider,
  type ClientAuthMethod,
  type OIDCContext,
  type UnknownObject,
} from 'oidc-provider';
import { mtlsOrigin } from '../../client-certificates/mtls-origin.ts';
import { duration } from '../../config/values.ts';
import { isOfSubject } from './certificate-subject.ts';
import type { Feature, FeatureOptions } from './feature.ts';

const SELF_SIGNED = 'self_signed_tls_client_auth';
const BY_AUTHORITY = 'tls_client_auth';
/** Endpoints that programs call, and where they may show a certificate (RFC 8705 section 5). */
const ALIASED = [
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
  'backchannel_authentication_endpoint',
] as const;

/** Certificates of clients (RFC 8705). */
export const mtlsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may show certificates, to prove themselves and to bind tokens (RFC 8705).',
      ),
    listener: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1').describe('The address of that listener.'),
        port: z.int().min(1).max(65_535).default(4443).describe('The port of that listener.'),
      })
      .optional()
      .describe(
        'A second listener with the certificate of `http.tls`, which asks clients for theirs; browsers never meet it.',
      ),
    header: z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected the name of a header')
          .default('Client-Cert')
          .describe('The header; it is dropped from anyone but `http.trustedProxies`.'),
        format: z
          .enum(['rfc9440', 'pem'])
          .default('rfc9440')
          .describe(
            'rfc9440: base64 between colons; pem: PEM, URL-escaped as nginx has it or on one line.',
          ),
      })
      .optional()
      .describe('A header by which a proxy hands on the certificate that it was shown.'),
    url: z
      .url({ protocol: /^https$/ })
      .refine((url) => new URL(url).href === `${url}/`, {
        error: 'expected an origin such as "https://mtls.id.example.com"',
      })
      .optional()
      .describe(
        'Where clients with certificates reach us, announced as `mtls_endpoint_aliases`; left out: at the issuer, or at its host and the port of the listener.',
      ),
    authoritiesFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'PEM file with the authorities whose certificates are believed (tls_client_auth), read again when it changes; left out: self-signed ones alone.',
      ),
    revocationListsFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'PEM file with their lists of revoked certificates; with it an authority without a current list is not believed.',
      ),
    reloadEvery: duration('10s').describe('How often these files are looked at for a change.'),
  })
  .prefault({});

/** A client that wants its tokens bound, and was registered when that could be done, gets none rather than unbound ones. */
const NO_CERTIFICATES: Feature = {
  engine: {
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: () => undefined,
    },
  },
};

export function mtls(settings: z.output<typeof mtlsConfig>, options: FeatureOptions): Feature {
  if (!settings.enabled) return NO_CERTIFICATES;
  const { certificateOf, isAtAlias, issuer } = options;
  const hasAuthorities = settings.authoritiesFile !== undefined;
  const methods: readonly ClientAuthMethod[] = hasAuthorities
    ? [SELF_SIGNED, BY_AUTHORITY]
    : [SELF_SIGNED];
  const origin = mtlsOrigin(settings, issuer);
  return {
    engine: {
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: hasAuthorities,
        getCertificate: ({ req }): X509Certificate | undefined => certificateOf(req)?.x509,
        certificateAuthorized: ({ req }) => certificateOf(req)?.isTrusted() === true,
        certificateSubjectMatches: ({ req }, property, expected) =>
          isOfSubject(certificateOf(req), property, expected),
      },
    },
    clientAuthMethods: methods,
    announced: {
      ...Object.fromEntries(
        ['token', 'introspection', 'revocation'].map((endpoint) => [
          `${endpoint}_endpoint_auth_methods_supported`,
          methods,
        ]),
      ),
      tls_client_certificate_bound_access_tokens: true,
    },
    ...(origin !== undefined && {
      following: (metadata) => ({ mtls_endpoint_aliases: aliasesOf(metadata, origin) }),
      install: (provider) => installAliases(provider, origin, isAtAlias),
    }),
  };
}

/** What a request to an alias is checked against: its own URL is the alias (RFC 9449 section 4.3, RFC 7523 section 3). */
function installAliases(
  { OIDCContext }: Provider,
  origin: string,
  isAtAlias: FeatureOptions['isAtAlias'],
): void {
  const urlFor = OIDCContext.prototype.urlFor;
  Object.defineProperty(OIDCContext.prototype, 'urlFor', {
    value(this: OIDCContext, name: string, options?: UnknownObject): string {
      const url = urlFor.call(this, name, options);
      const { ctx } = Provider;
      return name === this.route && ctx !== undefined && isAtAlias(ctx.req)
        ? aliasOf(url, origin)
        : url;
    },
  });
}

function aliasesOf(metadata: Readonly<Record<string, unknown>>, origin: string): object {
  const aliased = ALIASED.flatMap((name) => {
    const url = metadata[name];
    return typeof url === 'string' ? [[name, aliasOf(url, origin)]] : [];
  });
  return Object.fromEntries(aliased);
}

function aliasOf(url: string, origin: string): string {
  return `${origin}${new URL(url).pathname}`;
}
