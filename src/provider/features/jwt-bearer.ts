import { z } from 'zod';
import { METADATA_FIELDS as FIELD } from '../../clients/metadata-fields.ts';
import { duration } from '../../config/values.ts';
import { createIssuerKeys } from '../assertions/issuer-keys.ts';
import { createJwtBearer } from '../assertions/jwt-bearer.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** RFC 7523 section 2.1. */
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const PARAMETERS = ['assertion', 'resource', 'audience', 'scope'];

const trustedIssuer = z
  .strictObject({
    issuer: z.string().min(1).max(255).describe('The `iss` of its assertions.'),
    jwks: FIELD.jwks.optional().describe('Its public keys.'),
    jwksUri: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where its public keys are, in place of `jwks`.'),
    algorithms: z
      .array(z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']))
      .min(1)
      .default(['RS256', 'ES256'])
      .describe('Algorithms that it may sign with.'),
    subject: z
      .enum(['account', 'email'])
      .default('account')
      .describe(
        'Whom an assertion is about. account: its `sub` is the id of an account; email: its `email`, with `email_verified`, is the verified address of one.',
      ),
    clients: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(100)
      .describe('Clients that may hand in its assertions; each needs the grant type, too.'),
    apis: z
      .record(z.string().min(1).max(255), z.array(z.string().min(1).max(200)).max(100))
      .refine((apis) => Object.keys(apis).length > 0, { error: 'must name at least one API' })
      .describe('APIs that tokens may be got for, each with the scopes that they have at most.'),
    maxLifetime: duration('5m').describe(
      'How long its assertions may be good, from `iat` to `exp`.',
    ),
  })
  .refine(({ jwks, jwksUri }) => (jwks === undefined) !== (jwksUri === undefined), {
    error: 'needs its public keys, in jwks or at jwksUri, and not in both',
  });

/** An issuer of others whose assertions about people are taken. */
export type TrustedIssuer = Readonly<z.output<typeof trustedIssuer>>;

/** Access tokens for assertions of others (RFC 7523). */
export const jwtBearerConfig = z
  .strictObject({
    issuers: z
      .array(trustedIssuer)
      .max(50)
      .default([])
      .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, {
        error: 'must name each issuer once',
      })
      .describe(
        'Issuers whose signed assertions about people are taken for access tokens (RFC 7523); none: off.',
      ),
  })
  .prefault({});

/** APIs that nobody declares, assertions in our own name, and clients of a grant that is off. */
export function jwtBearerProblems({
  issuer,
  clients,
  apis,
  protocol,
}: {
  readonly issuer: string;
  readonly clients: readonly { readonly grantTypes?: readonly string[] | undefined }[];
  readonly apis: readonly { readonly identifier: string }[];
  readonly protocol: { readonly jwtBearer: z.output<typeof jwtBearerConfig> };
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const known = new Set(apis.map(({ identifier }) => identifier));
  const { issuers } = protocol.jwtBearer;
  const inVain = clients.flatMap(({ grantTypes = [] }, index) =>
    issuers.length === 0 && grantTypes.includes(JWT_BEARER)
      ? [{ path: ['clients', index, 'grantTypes'], message: 'needs protocol.jwtBearer.issuers' }]
      : [],
  );
  const wrong = issuers.flatMap((trusted, index) => {
    const path = ['protocol', 'jwtBearer', 'issuers', index];
    const unknown = Object.keys(trusted.apis).filter((name) => !known.has(name));
    return [
      ...unknown.map((name) => ({
        path: [...path, 'apis', name],
        message: `no API has the identifier ${name}`,
      })),
      ...(trusted.issuer === issuer
        ? [{ path: [...path, 'issuer'], message: 'is this provider: its tokens are no assertions' }]
        : []),
    ];
  });
  return [...inVain, ...wrong];
}

export function jwtBearer(
  { issuers }: z.output<typeof jwtBearerConfig>,
  featureOptions: FeatureOptions,
): Feature | undefined {
  if (issuers.length === 0) return undefined;
  // Once for all generations: what was fetched stays.
  const issuerKeys = createIssuerKeys(issuers, featureOptions);
  return {
    announced: { grant_types_supported: [JWT_BEARER] },
    install(provider, options) {
      const answer = createJwtBearer({ ...options, ...featureOptions, issuers, issuerKeys });
      provider.registerGrantType(JWT_BEARER, answer, PARAMETERS, ['resource', 'audience']);
    },
  };
}
