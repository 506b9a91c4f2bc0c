import { z } from 'zod';
import { duration, secret } from '../config/values.ts';
import type { FeatureSettings } from './features/config.ts';
import { isRight } from './rights-claims.ts';

const RETRY_WINDOW_MAX_SECONDS = 300;

/** What tokens are and how long they live. Clients and APIs may set lifetimes of their own. */
export const tokensConfig = z
  .strictObject({
    accessTokenFormat: z
      .enum(['jwt', 'opaque'])
      .default('jwt')
      .describe(
        'jwt: verified by every API without a call home (RFC 9068); opaque: known to us alone, found out by introspection.',
      ),
    accessTokenAlgorithm: z
      .enum(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .default('ES256')
      .describe('Signs access tokens for which no API was named; each API sets its own.'),
    accessToken: duration('15m').describe('How long an access token lives.'),
    idToken: duration('1h').describe('How long an ID token lives.'),
    authorizationCode: duration('1m').describe('How long an authorization code may be redeemed.'),
    refreshTokenIdle: duration('7d').describe(
      'How long a refresh token that nobody uses can still be used.',
    ),
    refreshTokenAbsolute: duration('30d').describe(
      'How long a chain of refresh tokens lives, however often it is used.',
    ),
    refreshRetryWindow: duration('10s').describe(
      'How long a client may repeat a refresh whose answer it lost; 0s: any second use ends the chain.',
    ),
    refreshTokens: z
      .enum(['offline_access', 'always'])
      .default('offline_access')
      .describe(
        'offline_access: clients with the refresh_token grant get one when that scope is granted; always: also without it, and then it ends with the session.',
      ),
    grant: duration('45d').describe(
      'How long we remember what a person allowed a client in one session; every code and token of it ends with it.',
    ),
  })
  .superRefine((tokens, context) => {
    for (const { path, message } of tokenProblems(tokens))
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .prefault({});

/** How long people stay signed in. */
export const sessionsConfig = z
  .strictObject({
    idle: duration('24h').describe('How long a sign-in that nobody uses lasts.'),
    absolute: duration('14d').describe(
      'After how long a person signs in again, however often the session is used.',
    ),
    interaction: duration('1h').describe(
      'How long a sign-in or consent page may be left open before it has to be started again.',
    ),
  })
  .refine(({ idle, absolute }) => !(idle > absolute), {
    path: ['idle'],
    error: 'must not be longer than sessions.absolute',
  })
  .prefault({});

/** Dynamic client registration (RFC 7591, RFC 7592). */
export const registrationConfig = z
  .strictObject({
    mode: z
      .enum(['off', 'token', 'open'])
      .default('off')
      .describe(
        'off: clients are declared or made by the CLI; token: registration needs an initial access token; open: anyone may register, within the quotas.',
      ),
    initialAccessToken: secret()
      .optional()
      .describe('The token that lets a developer register clients, with mode "token".'),
    requirePkce: z
      .boolean()
      .default(true)
      .describe(
        'Confidential clients that register themselves must use PKCE; public clients always must.',
      ),
    perAddressPerHour: z
      .int()
      .min(1)
      .default(10)
      .describe('How many clients one address may register in an hour.'),
    overallPerHour: z
      .int()
      .min(1)
      .default(100)
      .describe('How many clients may register in an hour altogether, with mode "open".'),
  })
  .refine(({ mode, initialAccessToken }) => mode === 'token' || initialAccessToken === undefined, {
    path: ['initialAccessToken'],
    error: 'is of use with registration.mode "token" alone',
  })
  .prefault({});

const CLAIM_PLACES = ['userinfo', 'id_token', 'access_token'] as const;
/** They say what a token is, or whose; no attribute may speak in their place. */
const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  'iss sub aud exp nbf iat jti client_id scope nonce at_hash c_hash auth_time acr amr azp act cnf sid gid rev from status userinfo_claims'.split(
    ' ',
  ),
);

/** Claims of the installation, each from an attribute of the account. */
export const claimsConfig = z
  .strictObject({
    custom: z
      .array(
        z.strictObject({
          claim: z.string().min(1).describe('The name of the claim, `roles` or a URL of yours.'),
          attribute: z
            .string()
            .min(1)
            .describe(
              'The attribute of the account it is taken from; `groups`, `roles` and `permissions` are joined with what the person is and may do.',
            ),
          prefix: z
            .string()
            .min(1)
            .max(100)
            .optional()
            .describe('Of groups, roles and permissions, only those that begin so; left out: all.'),
          in: z
            .array(z.enum(CLAIM_PLACES))
            .nonempty()
            .default(['userinfo'])
            .describe('Where it is told.'),
          scopes: z
            .array(z.string().min(1))
            .default([])
            .describe('Only when one of these scopes is granted; left out: always.'),
          clients: z
            .array(z.string().min(1))
            .default([])
            .describe('Only to these clients; left out: to all.'),
          apis: z
            .array(z.string().min(1))
            .default([])
            .describe('In access tokens, only for these APIs; left out: for all.'),
        }),
      )
      .default([])
      .describe('Claims beside the standard ones.'),
    sensitive: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Attributes that are told at userinfo, and in tokens only if those are encrypted (protocol.encryption).',
      ),
  })
  .superRefine(({ custom }, context) => {
    for (const [index, one] of custom.entries()) {
      if (RESERVED_CLAIMS.has(one.claim))
        context.addIssue({
          code: 'custom',
          path: ['custom', index, 'claim'],
          message: 'is a claim of the token itself',
        });
      if (one.prefix !== undefined && !isRight(one.attribute))
        context.addIssue({
          code: 'custom',
          path: ['custom', index, 'prefix'],
          message: 'is of use with the attributes groups, roles and permissions alone',
        });
    }
  })
  .prefault({});

/** The sections of this room, durations in seconds. */
export interface ProtocolSettings {
  readonly tokens: z.output<typeof tokensConfig>;
  readonly sessions: z.output<typeof sessionsConfig>;
  readonly registration: z.output<typeof registrationConfig>;
  readonly claims: z.output<typeof claimsConfig>;
  readonly protocol: FeatureSettings;
  /** When a second factor is asked for, where a client does not say. */
  readonly authentication: { readonly secondFactor: 'never' | 'if-enrolled' | 'required' };
  /** Whether people can make accounts themselves: then clients may ask for it by `prompt=create`. */
  readonly joining: { readonly mode: 'off' | 'invitation' | 'open' };
}

/** A setting by which a promise would be broken; `path` from the top of the configuration. */
export interface SettingProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Lifetimes that other sections set and that must fit ours. */
export interface ForeignLifetimes {
  /** `refreshTokenAbsoluteSeconds` of clients, with the path of each. */
  readonly clients: readonly {
    readonly path: readonly PropertyKey[];
    readonly policy: { readonly refreshTokenAbsoluteSeconds?: number | undefined };
  }[];
  /** APIs with the attributes that their tokens carry, with the path of each. */
  readonly apis: readonly {
    readonly path: readonly PropertyKey[];
    readonly attributes: readonly string[];
    readonly signingAlgorithm: string;
    readonly isEncrypted: boolean;
  }[];
  /** `signingKeys.algorithms`. */
  readonly algorithms: readonly string[];
}

/** What is wrong between our sections and those of other rooms: every mistake at once. */
export function checkProtocolSettings(
  settings: ProtocolSettings,
  foreign: ForeignLifetimes,
): readonly SettingProblem[] {
  const { tokens, sessions, claims } = settings;
  return [
    ...when(
      sessions.absolute > tokens.grant,
      ['tokens', 'grant'],
      'must be at least sessions.absolute',
    ),
    ...when(
      !foreign.algorithms.includes(tokens.accessTokenAlgorithm),
      ['tokens', 'accessTokenAlgorithm'],
      'has no ring of keys: add it to signingKeys.algorithms',
    ),
    ...foreign.clients.flatMap(({ path, policy }) =>
      when(
        (policy.refreshTokenAbsoluteSeconds ?? 0) > tokens.grant,
        path,
        'its refresh tokens would outlive tokens.grant',
      ),
    ),
    ...foreign.apis.flatMap(({ path, attributes, signingAlgorithm, isEncrypted }) => [
      ...when(
        !foreign.algorithms.includes(signingAlgorithm),
        path,
        `${signingAlgorithm} has no ring of keys: add it to signingKeys.algorithms`,
      ),
      ...attributes
        .filter((attribute) => claims.sensitive.includes(attribute) && !isEncrypted)
        .flatMap((attribute) =>
          when(
            true,
            path,
            `the attribute "${attribute}" is sensitive and may stand in no token that is not encrypted`,
          ),
        ),
    ]),
    ...sensitiveProblems(settings),
  ];
}

/** Which client or API a token is for shows when it is made: there they are left out of what is not encrypted. */
function sensitiveProblems({ claims, protocol }: ProtocolSettings): readonly SettingProblem[] {
  if (protocol.encryption.enabled) return [];
  return claims.custom.flatMap(({ attribute, in: places }, index) =>
    when(
      claims.sensitive.includes(attribute) && places.some((place) => place !== 'userinfo'),
      ['claims', 'custom', index, 'in'],
      `the attribute "${attribute}" is sensitive: without protocol.encryption it may be told in userinfo alone`,
    ),
  );
}

function tokenProblems(tokens: {
  readonly accessToken: number;
  readonly refreshTokenIdle: number;
  readonly refreshTokenAbsolute: number;
  readonly refreshRetryWindow: number;
  readonly grant: number;
}): readonly SettingProblem[] {
  return [
    ...when(
      tokens.refreshTokenIdle > tokens.refreshTokenAbsolute,
      ['refreshTokenIdle'],
      'must not be longer than tokens.refreshTokenAbsolute',
    ),
    ...when(
      tokens.refreshRetryWindow > RETRY_WINDOW_MAX_SECONDS,
      ['refreshRetryWindow'],
      `must not be longer than ${RETRY_WINDOW_MAX_SECONDS}s: so long a stolen token would go unnoticed`,
    ),
    ...when(
      tokens.grant < Math.max(tokens.refreshTokenAbsolute, tokens.accessToken),
      ['grant'],
      'must be at least tokens.refreshTokenAbsolute and tokens.accessToken, which end with it',
    ),
  ];
}

function when(
  isWrong: boolean,
  path: readonly PropertyKey[],
  message: string,
): readonly SettingProblem[] {
  return isWrong ? [{ path, message }] : [];
}
