import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolArn } from './arn.ts';
import { namingMedia, type Pool } from './pool.ts';
import { recoveryView } from './pool-kept.ts';
import { schemaView } from './pool-schema.ts';

/** How pools ask for a second factor, in the words of AWS. */
export const MFA = { off: 'OFF', optional: 'OPTIONAL', on: 'ON' } as const;

/** Settings that are kept for being told again, as far as they lie inside of others. */
const nested = z.object({
  AdminCreateUserConfig: z.record(z.string(), z.json()).default({}),
  Policies: z
    .record(z.string(), z.json())
    .and(z.object({ PasswordPolicy: z.record(z.string(), z.json()).default({}) }))
    .default({ PasswordPolicy: {} }),
});

/** Attributes by which people hear of codes. */
const ATTRIBUTES = { email: 'email', phone: 'phone_number' } as const;

const DECLARED = { kept: {}, tags: {}, isProtected: false };

/** A pool as lists have it. */
export function summaryOf({ id, name, made }: Pool): JsonObject {
  return { Id: id, Name: name, LambdaConfig: {}, ...timesOf(made) };
}

/** A pool as operators see it: what was said of it, also what changes nothing here. */
export function poolView(pool: Pool): JsonObject {
  const { kept, tags, isProtected } = pool.made ?? DECLARED;
  const inside = nested.parse(kept);
  return {
    UsernameConfiguration: { CaseSensitive: false },
    ...(pool.made === undefined && { AccountRecoverySetting: recoveryView(pool) }),
    ...kept,
    Id: pool.id,
    Arn: poolArn(pool.id),
    Name: pool.name,
    ...timesOf(pool.made),
    DeletionProtection: isProtected ? 'ACTIVE' : 'INACTIVE',
    UserPoolTags: tags,
    MfaConfiguration: MFA[pool.mfa],
    AutoVerifiedAttributes: [
      ...(pool.autoVerifyEmail ? ['email'] : []),
      ...(pool.autoVerifyPhone ? ['phone_number'] : []),
    ],
    AdminCreateUserConfig: {
      UnusedAccountValidityDays: 7,
      ...inside.AdminCreateUserConfig,
      AllowAdminCreateUserOnly: !pool.selfSignUp,
    },
    ...(namingMedia(pool).length > 0 && {
      UsernameAttributes: namingMedia(pool).map((medium) => ATTRIBUTES[medium]),
    }),
    ...(pool.signInBy === 'both' && { AliasAttributes: ['email'] }),
    Policies: {
      ...inside.Policies,
      PasswordPolicy: passwordPolicyView(pool, inside.Policies.PasswordPolicy),
    },
    SchemaAttributes: schemaView(pool),
  };
}

function passwordPolicyView({ passwordPolicy }: Pool, kept: JsonObject): JsonObject {
  return {
    TemporaryPasswordValidityDays: 7,
    ...kept,
    MinimumLength: passwordPolicy.minimumLength,
    RequireUppercase: passwordPolicy.requireUppercase,
    RequireLowercase: passwordPolicy.requireLowercase,
    RequireNumbers: passwordPolicy.requireNumbers,
    RequireSymbols: passwordPolicy.requireSymbols,
  };
}

function timesOf(made: Pool['made']): JsonObject {
  return made ? { CreationDate: made.createdAt, LastModifiedDate: made.updatedAt } : {};
}
