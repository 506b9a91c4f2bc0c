import { z } from 'zod';
import { CognitoException } from './exception.ts';
import {
  AUTH_FLOWS,
  type AuthFlow,
  type CustomAttribute,
  type Pool,
  type PoolClient,
} from './pool.ts';

const CUSTOM_NAME = /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$/u;
const SECONDS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;

const attribute = z.object({
  Name: z.string().min(1).max(30),
  AttributeDataType: z.enum(['String', 'Number', 'DateTime', 'Boolean']).default('String'),
  Mutable: z.boolean().default(true),
});

/** Attributes as `Schema` and `AddCustomAttributes` have them. */
export const schemaInput = z.array(attribute).max(50);

/** What `CreateUserPool` and `UpdateUserPool` say of a pool. */
export const poolInput = z.object({
  AliasAttributes: z.array(z.string()).nullish(),
  UsernameAttributes: z.array(z.string()).nullish(),
  AutoVerifiedAttributes: z.array(z.string()).nullish(),
  MfaConfiguration: z.enum(['OFF', 'OPTIONAL', 'ON']).nullish(),
  AdminCreateUserConfig: z.object({ AllowAdminCreateUserOnly: z.boolean().nullish() }).nullish(),
  LambdaConfig: z.record(z.string(), z.unknown()).nullish(),
  Schema: schemaInput.nullish(),
  Policies: z
    .object({
      PasswordPolicy: z
        .object({
          MinimumLength: z.int().min(6).max(99).default(8),
          RequireUppercase: z.boolean().default(false),
          RequireLowercase: z.boolean().default(false),
          RequireNumbers: z.boolean().default(false),
          RequireSymbols: z.boolean().default(false),
        })
        .nullish(),
    })
    .nullish(),
});
export type PoolInput = z.output<typeof poolInput>;

const unit = z.enum(['seconds', 'minutes', 'hours', 'days']).nullish();

/** What `CreateUserPoolClient` and `UpdateUserPoolClient` say of a client. */
export const clientInput = z.object({
  ClientName: z.string().min(1).max(128).nullish(),
  ExplicitAuthFlows: z.array(z.string()).nullish(),
  AccessTokenValidity: z.int().min(0).nullish(),
  IdTokenValidity: z.int().min(0).nullish(),
  RefreshTokenValidity: z.int().min(0).nullish(),
  TokenValidityUnits: z.object({ AccessToken: unit, IdToken: unit, RefreshToken: unit }).nullish(),
  PreventUserExistenceErrors: z.enum(['LEGACY', 'ENABLED']).nullish(),
  RefreshTokenRotation: z.object({ Feature: z.enum(['ENABLED', 'DISABLED']) }).nullish(),
});
export type ClientInput = z.output<typeof clientInput>;

const NO_POLICY = {
  minimumLength: 8,
  requireUppercase: true,
  requireLowercase: true,
  requireNumbers: true,
  requireSymbols: true,
};
const MFA = { OFF: 'off', OPTIONAL: 'optional', ON: 'on' } as const;

/**
 * What may be changed of a pool, as the input has it; what is left out is what AWS takes for it.
 *
 * @throws {CognitoException} for triggers and phone numbers, which would otherwise be missed in silence.
 */
export function readPool(input: PoolInput): Omit<Pool, 'id' | 'name' | 'issuer' | 'people'> {
  const usernames = input.UsernameAttributes ?? [];
  const verified = input.AutoVerifiedAttributes ?? [];
  if (Object.keys(input.LambdaConfig ?? {}).length > 0) throw unsupported('LambdaConfig');
  if ([...usernames, ...verified].includes('phone_number')) throw unsupported('phone_number');
  return {
    signInBy: signInBy(input),
    autoVerifyEmail: verified.includes('email'),
    selfSignUp: input.AdminCreateUserConfig?.AllowAdminCreateUserOnly !== true,
    mfa: MFA[input.MfaConfiguration ?? 'OFF'],
    passwordPolicy: readPolicy(input),
    attributes: readSchema(input.Schema ?? []),
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
  if (UsernameAttributes?.includes('email') === true) return 'email';
  return AliasAttributes?.includes('email') === true ? 'both' : 'username';
}

/** Standard attributes are there anyway. */
export function readSchema(given: z.output<typeof schemaInput>): readonly CustomAttribute[] {
  return given
    .map(({ Name, AttributeDataType: type, Mutable: mutable }) => ({
      name: Name.replace(/^custom:/, ''),
      type,
      mutable,
    }))
    .filter(({ name }) => CUSTOM_NAME.test(name) && !STANDARD.has(name));
}

const STANDARD = new Set(
  'sub address birthdate email email_verified family_name gender given_name locale middle_name name nickname phone_number phone_number_verified picture preferred_username profile updated_at website zoneinfo'.split(
    ' ',
  ),
);

/** Longest lives that the house can take back, in seconds. */
export interface LongestLives {
  readonly longestToken: number;
  readonly longestRecord: number;
}

/** @throws {CognitoException} */
export function readClient(
  input: ClientInput,
  lives: LongestLives,
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
    rotateRefreshTokens: input.RefreshTokenRotation?.Feature === 'ENABLED',
    preventUserExistenceErrors: input.PreventUserExistenceErrors !== 'LEGACY',
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
