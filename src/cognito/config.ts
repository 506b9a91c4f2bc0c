import { z } from 'zod';
import { origin, secret } from '../config/values.ts';
import { tlsConfig } from '../http/config.ts';
import { declaredClient, type DeclaredPoolClient } from './client-config.ts';
import { oauthProblems } from './oauth-config.ts';
import { domainConfig, partsProblems, resourceServerConfig } from './declared-parts.ts';
import { MEDIA, MFA_FACTORS, needsSms, SIGN_IN_BY } from './pool.ts';
import { triggersConfig } from './triggers/config.ts';
import { REQUIRABLE } from './standard-attributes.ts';

/** What aws-jwt-verify, amazon-cognito-identity-js and the AWS SDKs all take for the id of a pool. */
const POOL_ID = /^(?=.{1,55}$)[a-z]{2}(?:-[a-z]+)+-\d+_[0-9A-Za-z]+$/;
const ATTRIBUTE = /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$/u;

const passwordPolicy = z
  .strictObject({
    minimumLength: z.int().min(6).max(99).default(8).describe('Characters at least.'),
    requireUppercase: z.boolean().default(true).describe('An upper-case letter.'),
    requireLowercase: z.boolean().default(true).describe('A lower-case letter.'),
    requireNumbers: z.boolean().default(true).describe('A digit.'),
    requireSymbols: z.boolean().default(true).describe('A character that is none of these.'),
  })
  .prefault({});

const customAttribute = z.strictObject({
  name: z
    .string()
    .regex(ATTRIBUTE, { error: 'expected at most 20 characters, without "custom:"' })
    .describe('Its name, without `custom:`.'),
  type: z.enum(['String', 'Number', 'DateTime', 'Boolean']).default('String').describe('Its type.'),
  mutable: z.boolean().default(true).describe('Whether it can be changed once it is set.'),
  min: z.int().optional().describe('Characters at least, or the least number.'),
  max: z.int().optional().describe('Characters at most, or the greatest number.'),
});

const standardAttribute = z.strictObject({
  name: z.enum(REQUIRABLE).describe('Which one.'),
  required: z.boolean().default(false).describe('Nobody signs up without.'),
  mutable: z.boolean().default(true).describe('Whether it can be changed once it is set.'),
  min: z.int().optional().describe('Characters at least.'),
  max: z.int().optional().describe('Characters at most.'),
});

const signatures = z
  .strictObject({
    mode: z
      .enum(['check', 'accept'])
      .default('check')
      .describe(
        'check: operators sign by one of `keys`; accept: anybody may be one, in the dev profile only.',
      ),
    keys: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^\w{1,128}$/, { error: 'expected letters and digits' })
            .describe('The access key id.'),
          secret: secret().describe('The secret access key.'),
        }),
      )
      .default([])
      .describe('Access keys of operators; none: nobody may use the operations for them.'),
  })
  .prefault({});

const poolFields = z.strictObject({
  id: z
    .string()
    .regex(POOL_ID, { error: 'expected an id such as "us-east-1_Dev00001", at most 55 characters' })
    .describe('Region, `_`, and letters and digits.'),
  name: z.string().min(1).max(128).default('pool').describe('Its name.'),
  issuer: z
    .enum(['ours', 'aws'])
    .default('ours')
    .describe(
      'ours: `iss` is the endpoint and the id; aws: what Amazon would put there, for verifiers that take no other.',
    ),
  people: z
    .boolean()
    .default(false)
    .describe('Everybody of the directory is a user of the pool, from their first sign-in on.'),
  signInBy: z
    .enum(SIGN_IN_BY)
    .default('both')
    .describe(
      'username: users have a name; email: their address is what they type for it; phone: their telephone number; emailOrPhone: either; both: a name, and the address once it is verified.',
    ),
  autoVerifyEmail: z
    .boolean()
    .default(true)
    .describe('Who signs up proves their address by a code in a letter.'),
  autoVerifyPhone: z
    .boolean()
    .default(false)
    .describe('Who signs up with a telephone number proves it by a code by SMS.'),
  selfSignUp: z.boolean().default(true).describe('Whether people may sign up by themselves.'),
  mfa: z
    .enum(['off', 'optional', 'on'])
    .default('optional')
    .describe('Second factors: for nobody, for those who chose one, for everybody.'),
  mfaFactors: z
    .array(z.enum(MFA_FACTORS))
    .min(1)
    .default(['app'])
    .describe('Which: authenticator apps, codes by e-mail to a verified address, codes by SMS.'),
  recoverBy: z
    .array(z.enum(MEDIA))
    .default(['email'])
    .describe(
      'Where codes for new passwords go, the best first, if it is verified and no second factor of the user; none: operators alone give new passwords.',
    ),
  passwordPolicy: passwordPolicy.describe(
    'What new passwords must have beside what `signIn.password` asks.',
  ),
  attributes: z.array(customAttribute).default([]).describe('Attributes named `custom:...`.'),
  standardAttributes: z
    .array(standardAttribute)
    .default([])
    .describe('What the pool asks of standard attributes.'),
  clients: z.array(declaredClient).default([]).describe('Applications of the pool.'),
  resourceServers: z
    .array(resourceServerConfig)
    .default([])
    .describe('APIs of the pool, whose scopes clients may be allowed (`oauth.scopes`).'),
  domains: z
    .array(domainConfig)
    .default([])
    .describe('Kept and told: the pool is reached at the endpoint, with or without one.'),
  triggers: triggersConfig
    .optional()
    .describe('Code of yours, run where Cognito calls Lambda functions; left out: none.'),
});

const declaredPool = poolFields.superRefine((pool, context) => {
  for (const { path, message } of partsProblems(pool))
    context.addIssue({ code: 'custom', path: [...path], message });
});

/** Amazon Cognito user pools, for applications that go on using its SDKs. */
export const cognitoConfig = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Serve the API of Amazon Cognito user pools.'),
    endpoint: origin()
      .default('http://localhost:4002')
      .describe('Where applications reach it (`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`).'),
    listen: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
        port: z.int().min(0).max(65_535).default(4002).describe('Port to listen on.'),
      })
      .prefault({})
      .describe('Where the node listens for it.'),
    tls: tlsConfig
      .optional()
      .describe('HTTPS of its own; left out: as `http.tls` says, with the same certificate.'),
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-\d+$/, { error: 'expected a region such as "us-east-1"' })
      .default('us-east-1')
      .describe('What the ids of pools begin with that are made by the API.'),
    signatures: signatures.describe(
      'Who may use the operations for operators, by signatures of AWS (version 4).',
    ),
    perAddress: z
      .int()
      .min(1)
      .default(20)
      .describe('Sign-ups and letters asked for in an hour from one IP address at most.'),
    overall: z.int().min(1).default(1000).describe('The same from everybody together.'),
    pools: z.array(declaredPool).default([]).describe('User pools.'),
  })
  .superRefine(({ pools }, context) => {
    const ids = pools.map(({ id }) => id);
    const clientIds = pools.flatMap(({ clients }) => clients.map(({ id }) => id));
    const domains = pools.flatMap((pool) => pool.domains.map(({ name }) => name));
    for (const id of [ids, clientIds, domains].flatMap(repeated))
      context.addIssue({ code: 'custom', path: ['pools'], message: `"${id}" is there twice` });
  })
  .prefault({});

export type CognitoConfig = z.output<typeof cognitoConfig>;
export type DeclaredPool = z.output<typeof declaredPool>;

/** What must hold between this section and others, by paths from the top of the configuration. */
export function cognitoProblems({
  profile,
  cognito,
  revocation,
  signingKeys,
  sms,
}: {
  readonly profile: string;
  readonly cognito: CognitoConfig;
  readonly revocation: { readonly longestToken: number; readonly longestRecord: number };
  readonly signingKeys: { readonly algorithms: readonly string[] };
  readonly sms: { readonly gateway: { readonly url?: string | undefined } };
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (!cognito.enabled) return [];
  const isDev = profile === 'dev';
  const checks: readonly Check[] = [
    ...originChecks(cognito, isDev),
    [
      !isDev && cognito.signatures.mode === 'accept',
      ['cognito', 'signatures', 'mode'],
      'must be check outside of dev',
    ],
    [
      !signingKeys.algorithms.includes('RS256'),
      ['signingKeys', 'algorithms'],
      'must have RS256 for cognito.enabled',
    ],
  ];
  return [
    ...checks.flatMap(([isWrong, path, message]) => (isWrong ? [{ path, message }] : [])),
    ...(isDev || sms.gateway.url !== undefined ? [] : smsProblems(cognito)),
    ...cognito.pools.flatMap((pool, index) =>
      pool.clients.flatMap((client, place) =>
        clientProblems(client, { isDev, revocation }).map((problem) => ({
          ...problem,
          path: ['cognito', 'pools', index, 'clients', place, ...problem.path],
        })),
      ),
    ),
  ];
}

/** Of pools that nobody would hear from. */
function smsProblems({
  pools,
}: CognitoConfig): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const message =
    'has text messages (autoVerifyPhone, mfaFactors, recoverBy), which need sms.gateway.url';
  return pools.flatMap((pool, index) =>
    needsSms(pool) ? [{ path: ['cognito', 'pools', index], message }] : [],
  );
}

type Check = readonly [isWrong: boolean, path: readonly string[], message: string];

function originChecks({ endpoint, tls }: CognitoConfig, isDev: boolean): readonly Check[] {
  const isPlain = endpoint.startsWith('http:');
  return [
    [!isDev && isPlain, ['cognito', 'endpoint'], 'must be an https URL outside of dev'],
    [
      isPlain && (tls?.from ?? 'off') !== 'off',
      ['cognito', 'endpoint'],
      'must be https: cognito has `tls`',
    ],
    [
      !isDev && tls?.from === 'dev-ca',
      ['cognito', 'tls', 'from'],
      'is for the dev profile: nobody else trusts that authority',
    ],
  ];
}

function clientProblems(
  { oauth, secretInClear, refreshTokenValidity, accessTokenValidity }: DeclaredPoolClient,
  {
    isDev,
    revocation,
  }: {
    readonly isDev: boolean;
    readonly revocation: { readonly longestToken: number; readonly longestRecord: number };
  },
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { longestRecord, longestToken } = revocation;
  return [
    ...oauthProblems(oauth, { isDev }).map((problem) => ({
      ...problem,
      path: ['oauth', ...problem.path],
    })),
    ...(!isDev && secretInClear !== undefined
      ? [{ path: ['secretInClear'], message: 'is for the dev profile only' }]
      : []),
    ...(refreshTokenValidity > longestRecord
      ? [
          {
            path: ['refreshTokenValidity'],
            message: `must be at most revocation.longestRecord, ${longestRecord}s`,
          },
        ]
      : []),
    ...(accessTokenValidity > longestToken
      ? [
          {
            path: ['accessTokenValidity'],
            message: `must be at most revocation.longestToken, ${longestToken}s`,
          },
        ]
      : []),
  ];
}

function repeated(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
