/** What Auth0 calls the directory of people with passwords: every application knows it by this name. */
export const DATABASE = 'Username-Password-Authentication';

/** Grants that only tenants have, as applications of Auth0's name them. */
export const GRANT = {
  password: 'password',
  passwordRealm: 'http://auth0.com/oauth/grant-type/password-realm',
  mfaOtp: 'http://auth0.com/oauth/grant-type/mfa-otp',
  mfaRecoveryCode: 'http://auth0.com/oauth/grant-type/mfa-recovery-code',
} as const;
