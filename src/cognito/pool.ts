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

/** An attribute that a pool has beside the standard ones. */
export interface CustomAttribute {
  /** Without `custom:`. */
  readonly name: string;
  readonly type: 'String' | 'Number' | 'DateTime' | 'Boolean';
  readonly mutable: boolean;
}

/** A user pool. */
export interface Pool {
  readonly id: string;
  readonly name: string;
  readonly issuer: 'ours' | 'aws';
  /** Everybody of the directory is a user of it. */
  readonly people: boolean;
  readonly signInBy: 'username' | 'email' | 'both';
  readonly autoVerifyEmail: boolean;
  readonly selfSignUp: boolean;
  readonly mfa: 'off' | 'optional' | 'on';
  readonly passwordPolicy: PasswordPolicy;
  readonly attributes: readonly CustomAttribute[];
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
  readonly rotateRefreshTokens: boolean;
  readonly preventUserExistenceErrors: boolean;
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
