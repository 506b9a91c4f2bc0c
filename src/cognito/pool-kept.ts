import { z } from 'zod';
import { AUTH_FLOWS, type Medium, type Pool } from './pool.ts';
import type { Json, JsonObject } from '../runtime/json.ts';

const text = z.string().max(20_000).nullish();
const object = z.record(z.string(), z.json()).nullish();

const MEDIA = { verified_email: 'email', verified_phone_number: 'phone' } as const;
const recovery = z
  .object({
    RecoveryMechanisms: z
      .array(
        z.object({
          Name: z.enum(['verified_email', 'verified_phone_number', 'admin_only']),
          Priority: z.int().min(1).max(2),
        }),
      )
      .max(2)
      .optional(),
  })
  .nullish();

/** Settings of AWS that are kept and told again. All but the first change nothing here: letters, devices and tiers are the house's own. */
export const keptPoolInput = z.object({
  AccountRecoverySetting: recovery,
  DeviceConfiguration: object,
  EmailConfiguration: object,
  EmailVerificationMessage: text,
  EmailVerificationSubject: text,
  SmsAuthenticationMessage: text,
  SmsConfiguration: object,
  SmsVerificationMessage: text,
  UserAttributeUpdateSettings: object,
  UserPoolAddOns: object,
  UserPoolTier: text,
  UsernameConfiguration: object,
  VerificationMessageTemplate: object,
});

/** The same inside of `AdminCreateUserConfig` and of `Policies`, whose other members count. */
export const keptInvitation = z.object({
  InviteMessageTemplate: object,
  UnusedAccountValidityDays: z.int().min(0).max(365).nullish(),
});
export const keptPasswordPolicy = z.object({
  TemporaryPasswordValidityDays: z.int().min(0).max(365).nullish(),
});
export const keptPolicies = z.object({ SignInPolicy: object });

/** Of AWS. Those that are not ours are told again, and a client that tries them is told so. */
const KNOWN_FLOWS = [
  ...AUTH_FLOWS,
  'ADMIN_NO_SRP_AUTH',
  'CUSTOM_AUTH_FLOW_ONLY',
  'USER_PASSWORD_AUTH',
  'ALLOW_CUSTOM_AUTH',
  'ALLOW_USER_AUTH',
] as const;
const unit = z.enum(['seconds', 'minutes', 'hours', 'days']).optional();
const validity = z.int().min(0).nullish();

/** Settings of clients that are told again in the units and the words in which they were given. Most of them count. */
export const keptClientInput = z.object({
  ExplicitAuthFlows: z.array(z.enum(KNOWN_FLOWS)).nullish(),
  AccessTokenValidity: validity,
  IdTokenValidity: validity,
  RefreshTokenValidity: validity,
  TokenValidityUnits: z.object({ AccessToken: unit, IdToken: unit, RefreshToken: unit }).nullish(),
  RefreshTokenRotation: z
    .object({
      Feature: z.enum(['ENABLED', 'DISABLED']),
      RetryGracePeriodSeconds: z.int().min(0).max(60).optional(),
    })
    .nullish(),
  AnalyticsConfiguration: object,
  AuthSessionValidity: z.int().min(3).max(15).nullish(),
  EnablePropagateAdditionalUserContextData: z.boolean().nullish(),
  EnableTokenRevocation: z.boolean().nullish(),
});

/** What of them was given, as it is told again. */
export function givenOf(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, value] as const],
    ),
  );
}

/** By what a pool recovers (`AccountRecoverySetting`); what AWS takes for it, where nothing is said. */
export function recoveryIn(kept: JsonObject): readonly Medium[] {
  const mechanisms = recovery.parse(kept['AccountRecoverySetting'])?.RecoveryMechanisms ?? [];
  if (mechanisms.length === 0) return ['phone', 'email'];
  return mechanisms
    .toSorted((one, other) => one.Priority - other.Priority)
    .flatMap(({ Name }) => (Name === 'admin_only' ? [] : [MEDIA[Name]]));
}

/** The same as AWS tells it. */
export function recoveryView({ recoverBy }: Pick<Pool, 'recoverBy'>): JsonObject {
  const names = { email: 'verified_email', phone: 'verified_phone_number' };
  const mechanisms = recoverBy.map((medium) => names[medium]);
  return {
    RecoveryMechanisms: (mechanisms.length === 0 ? ['admin_only'] : mechanisms).map(
      (Name, index) => ({ Name, Priority: index + 1 }),
    ),
  };
}
