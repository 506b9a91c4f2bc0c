import { z } from 'zod';
import type { Json, JsonObject } from '../runtime/json.ts';

const text = z.string().max(20_000).nullish();
const object = z.record(z.string(), z.json()).nullish();

/** Settings of AWS that are kept and told again, and change nothing here: letters, devices and tiers are the house's own. */
export const keptPoolInput = z.object({
  AccountRecoverySetting: object,
  DeviceConfiguration: object,
  EmailConfiguration: object,
  EmailVerificationMessage: text,
  EmailVerificationSubject: text,
  SmsAuthenticationMessage: text,
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

/** What of them was given, as it is told again. */
export function givenOf(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, value] as const],
    ),
  );
}
