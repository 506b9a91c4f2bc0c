/** Why a request is not let through. Match on the class or on `code`, which never changes. */
export abstract class VerificationError extends Error {
  abstract readonly code: `ERR_${string}`;
  /** The HTTP status to answer with. */
  abstract readonly status: 401 | 403 | 503;
  /** The OAuth error (RFC 6750 section 3.1); undefined where none is to be told. */
  readonly error: string | undefined = undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** There was no token, or not one alone. */
export class TokenMissing extends VerificationError {
  readonly code = 'ERR_TOKEN_MISSING';
  readonly status = 401;
}

/** The token is not of this issuer, not for this audience, not of its time, or not a token at all. */
export class TokenInvalid extends VerificationError {
  readonly code: 'ERR_TOKEN_INVALID' | 'ERR_TOKEN_REVOKED' | 'ERR_PROOF_INVALID' =
    'ERR_TOKEN_INVALID';
  readonly status = 401;
  override readonly error: 'invalid_token' | 'invalid_dpop_proof' = 'invalid_token';
}

/** The token was valid and has been taken back. */
export class TokenRevoked extends TokenInvalid {
  override readonly code = 'ERR_TOKEN_REVOKED';
}

/** The token is bound to a key, and this request does not prove that its sender has it (RFC 9449, RFC 8705). */
export class ProofInvalid extends TokenInvalid {
  override readonly code = 'ERR_PROOF_INVALID';
  override readonly error: 'invalid_token' | 'invalid_dpop_proof';

  constructor(message: string, options?: ErrorOptions & { readonly isDpop?: boolean }) {
    super(message, options);
    this.error = options?.isDpop === true ? 'invalid_dpop_proof' : 'invalid_token';
  }
}

/** The token is good, but not for this. */
export class AccessDenied extends VerificationError {
  readonly code: 'ERR_ACCESS_DENIED' | 'ERR_SCOPE_MISSING' = 'ERR_ACCESS_DENIED';
  readonly status = 403;
  override readonly error = 'insufficient_scope';
}

/** The token lacks a scope that its client could ask for. */
export class ScopeMissing extends AccessDenied {
  override readonly code = 'ERR_SCOPE_MISSING';
  /** What would have been needed, separated by spaces. */
  readonly scope: string;

  constructor(scopes: readonly string[]) {
    super('the token lacks a scope');
    this.scope = scopes.join(' ');
  }
}

/** Whether the token was revoked cannot be known now. Nothing is wrong with it: try again. */
export class RevocationUnknown extends VerificationError {
  readonly code = 'ERR_REVOCATION_UNKNOWN';
  readonly status = 503;
}

/** The issuer's keys, or its word on an opaque token, cannot be had now. */
export class IssuerUnavailable extends VerificationError {
  readonly code = 'ERR_ISSUER_UNAVAILABLE';
  readonly status = 503;
}
