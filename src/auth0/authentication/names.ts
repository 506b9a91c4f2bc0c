/** What Auth0 calls the directory of people with passwords: every application knows it by this name. */
export const DATABASE = 'Username-Password-Authentication';

/** What Auth0 calls sign-in by a code in a letter. */
export const EMAIL = 'email';

/** What Auth0 calls sign-in by a code in a text message. */
export const SMS = 'sms';

/** What is said where a second factor is wanted: applications of Auth0's look for this very text. */
export const MULTIFACTOR_REQUIRED = 'Multifactor authentication required';

/** What is said where an application signs nobody in. */
export const CONNECTION_IS_OFF = 'no connections enabled for the client';

/** Grants that only tenants have, as applications of Auth0's name them. */
export const GRANT = {
  password: 'password',
  passwordRealm: 'http://auth0.com/oauth/grant-type/password-realm',
  mfaOtp: 'http://auth0.com/oauth/grant-type/mfa-otp',
  passwordlessOtp: 'http://auth0.com/oauth/grant-type/passwordless/otp',
  mfaRecoveryCode: 'http://auth0.com/oauth/grant-type/mfa-recovery-code',
} as const;
