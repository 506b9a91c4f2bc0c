export {
  admit,
  authorize,
  refusalOf,
  type Admission,
  type Refusal,
  type Requirements,
} from './bearer.ts';
export type { AccessTokenClaims } from './claims.ts';
export {
  AccessDenied,
  IssuerUnavailable,
  ProofInvalid,
  RevocationUnknown,
  ScopeMissing,
  TokenInvalid,
  TokenMissing,
  TokenRevoked,
  VerificationError,
} from './errors.ts';
export type {
  Credentials,
  OpaqueTokenOptions,
  ResourceOptions,
  RevocationOptions,
  SilencePolicy,
  VerifierClock,
  VerifierEvent,
  VerifierOptions,
} from './options.ts';
export {
  fetchTokenRequest,
  nodeTokenRequest,
  type NodeRequest,
  type Presentation,
  type TokenRequest,
} from './presentation.ts';
export type { ProtectedResource } from './resource.ts';
export type { VerifierStatus } from './revocation-check.ts';
export { createVerifier, type Verifier } from './verifier.ts';
