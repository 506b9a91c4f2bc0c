export { authorize, refusalOf, type Refusal, type Requirements } from './bearer.ts';
export type { AccessTokenClaims } from './claims.ts';
export {
  IssuerUnavailable,
  RevocationUnknown,
  ScopeMissing,
  TokenInvalid,
  TokenMissing,
  TokenRevoked,
  VerificationError,
} from './errors.ts';
export type {
  Credentials,
  RevocationOptions,
  SilencePolicy,
  VerifierClock,
  VerifierEvent,
  VerifierOptions,
} from './options.ts';
export type { VerifierStatus } from './revocation-check.ts';
export { createVerifier, type Verifier } from './verifier.ts';
