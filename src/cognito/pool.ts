import type { JsonObject } from '../runtime/json.ts';
import type { StandardName } from './standard-attributes.ts';
import type { OAuthSettings } from './oauth.ts';

/** Ways to sign in that a client may be allowed (`ExplicitAuthFlows`). */
export const AUTH_FLOWS = [
  'ALLOW_USER_PASSWORD_AUTH',
  'ALLOW_USER_SRP_AUTH',
  'ALLOW_REFRESH_TOKEN_AUTH',
  'ALLOW_ADMIN_USER_PASSWORD_AUTH',
] as const;
export type AuthFlow = (typeof AUTH_FLOWS)[number];

/** What new passwords must have beside what the house asks. */
export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly requireUppercase: boolean;
  readonly requireLowercase: boolean;
  readonly requireNumbers: boolean;
  readonly requireSymbols: boolean;
}

/** Characters of a text, or the value of a number. */
export interface Limits {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** An attribute that a pool has beside the standard ones. */
export interface CustomAttribute extends Limits {
  /** Without `custom:`. */
  readonly name: string;
  readonly type: 'String' | 'Number' | 'DateTime' | 'Boolean';
  readonly mutable: boolean;
}

/** What a pool says of a standard attribute. */
export interface StandardAttribute extends Limits {
  readonly name: StandardName;
  /** Nobody signs up without. */
  readonly required: boolean;
  readonly mutable: boolean;
}

/** What the API keeps of a pool that it made, beside what counts. */
export interface MadeByApi {
  /** It cannot be deleted (`DeletionProtection`). */
  readonly isProtected: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Settings of AWS that are told again, and change nothing. */
  readonly kept: JsonObject;
  /** What letters with codes should say (`EmailMfaConfiguration`): told again, too. */
  readonly emailMfa: JsonObject;
  /** The same of text messages (`SmsMfaConfiguration`). */
  readonly smsMfa: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Second factors: an authenticator app, and codes by e-mail or SMS. */
export const MFA_FACTORS = ['app', 'email', 'sms'] as const;
export type MfaFactor = (typeof MFA_FACTORS)[number];

/** By what people hear of codes. */
export const MEDIA = ['email', 'phone'] as const;
export type Medium = (typeof MEDIA)[number];

/** What users are known by. */
export const SIGN_IN_BY = ['username', 'email', 'phone', 'emailOrPhone', 'both'] as const;

/** A user pool. */
export interface Pool {
  readonly id: string;
  readonly name: string;
  readonly issuer: 'ours' | 'aws';
  /** Everybody of the directory is a user of it. */
  readonly people: boolean;
  readonly signInBy: (typeof SIGN_IN_BY)[number];
  readonly autoVerifyEmail: boolean;
  readonly autoVerifyPhone: boolean;
  readonly selfSignUp: boolean;
  readonly mfa: 'off' | 'optional' | 'on';
  readonly mfaFactors: readonly MfaFactor[];
  /** Where codes for new passwords go, the best first; none: operators alone give them. */
  readonly recoverBy: readonly Medium[];
  readonly passwordPolicy: PasswordPolicy;
  readonly attributes: readonly CustomAttribute[];
  /** Those of which it says something. */
  readonly standardAttributes: readonly StandardAttribute[];
  /** Undefined: the configuration declares it. */
  readonly made?: MadeByApi | undefined;
}

/** An application of a pool. */
export interface PoolClient {
  readonly id: string;
  readonly poolId: string;
  readonly name: string;
  /** Undefined: a public client. */
  readonly secret: string | undefined;
  readonly authFlows: readonly AuthFlow[];
  /** Seconds. */
  readonly accessTokenValidity: number;
  readonly idTokenValidity: number;
  readonly refreshTokenValidity: number;
  /** For which a challenge waits. */
  readonly authSessionValidity: number;
  readonly rotateRefreshTokens: boolean;
  /** Seconds for which the last one stays good, where they are rotated. */
  readonly rotationGrace: number;
  readonly preventUserExistenceErrors: boolean;
  /** What it may do at the hosted endpoints. */
  readonly oauth: OAuthSettings;
  /** Attributes that it is told (`ReadAttributes`); undefined: all. */
  readonly readable?: readonly string[] | undefined;
  /** Attributes that users change by it (`WriteAttributes`); undefined: all. */
  readonly writable?: readonly string[] | undefined;
  /** What the API said of it, in its words, to be told again; undefined: the configuration declares it. */
  readonly kept?: JsonObject | undefined;
}

const NAMES: Readonly<Record<Pool['signInBy'], readonly Medium[]>> = {
  username: [],
  both: [],
  email: ['email'],
  phone: ['phone'],
  emailOrPhone: ['email', 'phone'],
};

/** What stands in place of a name (`UsernameAttributes`); none: users have a name. */
export function namingMedia({ signInBy }: Pick<Pool, 'signInBy'>): readonly Medium[] {
  return NAMES[signInBy];
}

/** Whether text messages are what a pool cannot do without. */
export function needsSms({
  autoVerifyPhone,
  mfaFactors,
  recoverBy,
}: Pick<Pool, 'autoVerifyPhone' | 'mfaFactors' | 'recoverBy'>): boolean {
  return autoVerifyPhone || mfaFactors.includes('sms') || recoverBy.includes('phone');
}

/** The part of a pool's id behind `_`: what SRP proofs are made over. */
export function poolNameOf({ id }: Pick<Pool, 'id'>): string {
  return id.slice(id.indexOf('_') + 1);
}

/** `iss` of a pool's tokens: never with a slash at its end. */
export function issuerOf({ id, issuer }: Pick<Pool, 'id' | 'issuer'>, endpoint: string): string {
  if (issuer === 'ours') return `${endpoint}/${id}`;
  return `https://cognito-idp.${id.slice(0, id.indexOf('_'))}.amazonaws.com/${id}`;
}
