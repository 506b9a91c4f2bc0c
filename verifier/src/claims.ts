import type { JWTPayload } from 'jose';
import { TokenInvalid } from './errors.ts';

/** What a verified access token says (RFC 9068 section 2.2). */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly clientId: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat: number;
  readonly scopes: readonly string[];
  /** The grant it was issued under; undefined: the client's own. */
  readonly grantId: string | undefined;
  /** The session it ends with. */
  readonly sessionId: string | undefined;
  /** What the issuer had revoked before it issued the token; undefined: not a token of Latchkey. */
  readonly mark: string | undefined;
  /** All claims by their names on the wire. */
  readonly payload: JWTPayload;
}

/** The claims of a payload whose signature, issuer, audience and time were verified. @throws {TokenInvalid} */
export function claimsOf(payload: JWTPayload): AccessTokenClaims {
  if (payload['cnf'] !== undefined) {
    // A bound token without proof of its key is what a thief has (RFC 9449 section 7.1, RFC 8705 section 3).
    throw new TokenInvalid('the token is bound to a key, which this verifier cannot check');
  }
  return {
    iss: text(payload, 'iss'),
    sub: text(payload, 'sub'),
    clientId: text(payload, 'client_id'),
    jti: text(payload, 'jti'),
    exp: time(payload, 'exp'),
    iat: time(payload, 'iat'),
    scopes: (optional(payload, 'scope') ?? '').split(' ').filter((scope) => scope !== ''),
    grantId: optional(payload, 'gid'),
    sessionId: optional(payload, 'sid'),
    mark: optional(payload, 'rev'),
    payload,
  };
}

function text(payload: JWTPayload, name: string): string {
  const value = optional(payload, name);
  if (value === undefined || value === '') throw new TokenInvalid(`the token has no ${name}`);
  return value;
}

function time(payload: JWTPayload, name: string): number {
  const value = payload[name];
  if (typeof value !== 'number') throw new TokenInvalid(`the token has no ${name}`);
  return value;
}

function optional(payload: JWTPayload, name: string): string | undefined {
  const value = payload[name];
  return typeof value === 'string' ? value : undefined;
}
