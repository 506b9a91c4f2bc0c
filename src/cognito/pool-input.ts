import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Sms } from '../sms/sms.ts';
import { CognitoException } from './exception.ts';
import { AUTH_FLOWS, type AuthFlow, type Pool, type PoolClient } from './pool.ts';
import { oauthInput, readOAuth } from './oauth-input.ts';
import {
  givenOf,
  keptClientInput,
  keptInvitation,
  keptPasswordPolicy,
  keptPolicies,
  keptPoolInput,
} from './pool-kept.ts';
import { readSchema, schemaInput } from './pool-schema.ts';
import type { PoolSettings } from './stored-pools.ts';

const SECONDS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;

/** What AWS takes for `AuthSessionValidity`. */
const AUTH_SESSION_MINUTES = 3;

/** Tags, by name. */
export const tagsInput = z.record(z.string().min(1).max(128), z.string().max(256));

const passwordPolicy = z
  .object({
    MinimumLength: z.int().min(6).max(99).default(8),
    RequireUppercase: z.boolean().default(false),
    RequireLowercase: z.boolean().default(false),
    RequireNumbers: z.boolean().default(false),
    RequireSymbols: z.boolean().default(false),
    PasswordHistorySize: z
      .literal(0, { error: 'is not supported here: earlier passwords are not kept' })
      .nullish(),
  })
  .extend(keptPasswordPolicy.shape);

/** What `CreateUserPool` and `UpdateUserPool` say of a pool. */
export const poolInput = z
  .object({
    AliasAttributes: z.array(z.string()).nullish(),
    UsernameAttributes: z.array(z.string()).nullish(),
    AutoVerifiedAttributes: z.array(z.string()).nullish(),
    MfaConfiguration: z.enum(['OFF', 'OPTIONAL', 'ON']).nullish(),
    AdminCreateUserConfig: z
      .object({ AllowAdminCreateUserOnly: z.boolean().nullish() })
      .extend(keptInvitation.shape)
      .nullish(),
    DeletionProtection: z.enum(['ACTIVE', 'INACTIVE']).nullish(),
    LambdaConfig: z.record(z.string(), z.unknown()).nullish(),
    Schema: schemaInput.nullish(),
    UserPoolTags: tagsInput.nullish(),
    Policies: z
      .object({ PasswordPolicy: passwordPolicy.nullish() })
      .extend(keptPolicies.shape)
      .nullish(),
  })
  .extend(keptPoolInput.shape);
export type PoolInput = z.output<typeof poolInput>;

const attributeNames = z.array(z.string().min(1).max(2048)).max(100).nullish();

/** What `CreateUserPoolClient` and `UpdateUserPoolClient` say of a client. */
export const clientInput = z.object({
  ClientName: z.string().min(1).max(128).nullish(),
  ReadAttributes: attributeNames,
  WriteAttributes: attributeNames,
  PreventUserExistenceErrors: z.enum(['LEGACY', 'ENABLED']).nullish(),
  ...keptClientInput.shape,
  ...oauthInput,
});
export type ClientInput = z.output<typeof clientInput>;

/** Lists of attributes, as far as they are known here (`import`: what else they name is lost). */
export const ALIASES: readonly string[] = ['email'];
export const NUMBERS_TOO: readonly string[] = ['email', 'phone_number'];

const NO_POLICY = {
  minimumLength: 8,
  requireUppercase: true,
  requireLowercase: true,
  requireNumbers: true,
  requireSymbols: true,
};
/** `MfaConfiguration`, as we call it. */
export const MFA = { OFF: 'off', OPTIONAL: 'optional', ON: 'on' } as const;

/**
 * What may be changed of a pool, as the input has it; what is left out is what AWS takes for it.
 *
 * @throws {CognitoException} for triggers, and for text messages where there are none, which would otherwise be missed in silence.
 */
export function readPool(
  input: PoolInput,
  { sms }: { readonly sms: Pick<Sms, 'isAvailable'> },
): Omit<PoolSettings, 'name'> {
  refuseUnsupported(input);
  if (!sms.isAvailable) refuseTextMessages(input);
  return {
    signInBy: signInBy(input),
    autoVerifyEmail: input.AutoVerifiedAttributes?.includes('email') === true,
    autoVerifyPhone: input.AutoVerifiedAttributes?.includes('phone_number') === true,
    selfSignUp: input.AdminCreateUserConfig?.AllowAdminCreateUserOnly !== true,
    mfa: MFA[input.MfaConfiguration ?? 'OFF'],
    mfaFactors: hasMembers(input.SmsConfiguration) ? ['sms'] : ['app'],
    passwordPolicy: readPolicy(input),
    ...readSchema(input.Schema ?? []),
    isProtected: input.DeletionProtection === 'ACTIVE',
    tags: input.UserPoolTags ?? {},
    kept: readKept(input),
    emailMfa: {},
    smsMfa: hasMembers(input.SmsConfiguration) ? { SmsConfiguration: input.SmsConfiguration } : {},
  };
}

function refuseUnsupported(input: PoolInput): void {
  if (hasMembers(input.LambdaConfig)) throw unsupported('LambdaConfig');
  const lists = [
    { names: input.AliasAttributes, known: ALIASES },
    { names: input.UsernameAttributes, known: NUMBERS_TOO },
    { names: input.AutoVerifiedAttributes, known: NUMBERS_TOO },
  ];
  for (const { names, known } of lists)
    for (const name of names ?? []) if (!known.includes(name)) throw unsupported(name);
}

function hasMembers<Members extends object>(given: Members | null | undefined): given is Members {
  return Object.keys(given ?? {}).length > 0;
}

/** Users of such a pool would wait for codes that nobody brings. */
function refuseTextMessages({ SmsConfiguration, AutoVerifiedAttributes }: PoolInput): void {
  const isAsked =
    hasMembers(SmsConfiguration) || AutoVerifiedAttributes?.includes('phone_number') === true;
  if (isAsked) throw noGateway();
}

/** There is nothing to send text messages by. */
export function noGateway(): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    'SMS is not supported here: sms.gateway.url is not set',
  );
}

function readKept(input: PoolInput): JsonObject {
  const { AdminCreateUserConfig: invitation, Policies: policies } = input;
  return {
    ...givenOf(keptPoolInput.parse(input)),
    AdminCreateUserConfig: givenOf(keptInvitation.parse(invitation ?? {})),
    Policies: {
      ...givenOf(keptPolicies.parse(policies ?? {})),
      PasswordPolicy: givenOf(keptPasswordPolicy.parse(policies?.PasswordPolicy ?? {})),
    },
  };
}

function readPolicy({ Policies }: PoolInput): Pool['passwordPolicy'] {
  const policy = Policies?.PasswordPolicy;
  if (!policy) return NO_POLICY;
  return {
    minimumLength: policy.MinimumLength,
    requireUppercase: policy.RequireUppercase,
    requireLowercase: policy.RequireLowercase,
    requireNumbers: policy.RequireNumbers,
    requireSymbols: policy.RequireSymbols,
  };
}

function signInBy({ UsernameAttributes, AliasAttributes }: PoolInput): Pool['signInBy'] {
  const [hasEmail, hasPhone] = ['email', 'phone_number'].map((name) =>
    UsernameAttributes?.includes(name),
  );
  if (hasPhone === true) return hasEmail === true ? 'emailOrPhone' : 'phone';
  if (hasEmail === true) return 'email';
  return AliasAttributes?.includes('email') === true ? 'both' : 'username';
}

/** Longest lives that the house can take back, in seconds. */
export interface LongestLives {
  readonly longestToken: number;
  readonly longestRecord: number;
}

/** @throws {CognitoException} */
export function readClient(
  input: ClientInput,
  { lives, isDev }: { readonly lives: LongestLives; readonly isDev: boolean },
): Omit<PoolClient, 'id' | 'poolId' | 'secret'> {
  const units = input.TokenValidityUnits;
  const token = { min: 300, max: Math.min(86_400, lives.longestToken) };
  const hour = { value: 1, unit: 'hours' } as const;
  return {
    name: input.ClientName ?? 'client',
    authFlows: readFlows(input.ExplicitAuthFlows ?? []),
    accessTokenValidity: life('AccessTokenValidity', token, hour, {
      value: input.AccessTokenValidity,
      unit: units?.AccessToken,
    }),
    idTokenValidity: life('IdTokenValidity', token, hour, {
      value: input.IdTokenValidity,
      unit: units?.IdToken,
    }),
    refreshTokenValidity: life(
      'RefreshTokenValidity',
      { min: 3600, max: lives.longestRecord },
      { value: 30, unit: 'days' },
      { value: input.RefreshTokenValidity, unit: units?.RefreshToken },
    ),
    authSessionValidity: (input.AuthSessionValidity ?? AUTH_SESSION_MINUTES) * SECONDS.minutes,
    ...readRotation(input),
    preventUserExistenceErrors: input.PreventUserExistenceErrors !== 'LEGACY',
    oauth: readOAuth(input, { isDev }),
    readable: input.ReadAttributes ?? undefined,
    writable: input.WriteAttributes ?? undefined,
    kept: givenOf(keptClientInput.parse(input)),
  };
}

function readRotation({
  RefreshTokenRotation: given,
}: ClientInput): Pick<PoolClient, 'rotateRefreshTokens' | 'rotationGrace'> {
  return {
    rotateRefreshTokens: given?.Feature === 'ENABLED',
    rotationGrace: given?.RetryGracePeriodSeconds ?? 0,
  };
}

/** Flows that are not ours are left out: a client that may use them cannot, and is told so when it tries. */
function readFlows(given: readonly string[]): readonly AuthFlow[] {
  if (given.length === 0) return ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
  return AUTH_FLOWS.filter((flow) => given.includes(flow));
}

interface Life {
  readonly value: number | null | undefined;
  readonly unit: keyof typeof SECONDS | null | undefined;
}

function life(
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
  standard: { readonly value: number; readonly unit: keyof typeof SECONDS },
  given: Life,
): number {
  const isGiven = typeof given.value === 'number' && given.value > 0;
  const seconds = isGiven
    ? (given.value ?? 0) * SECONDS[given.unit ?? standard.unit]
    : Math.min(standard.value * SECONDS[standard.unit], max);
  if (seconds >= min && seconds <= max) return seconds;
  throw new CognitoException(
    'InvalidParameterException',
    `${name}: must be from ${min} to ${max} seconds here`,
  );
}

function unsupported(what: string): CognitoException {
  return new CognitoException('InvalidParameterException', `${what} is not supported here`);
}
