import type { JWTPayload } from 'jose';
import { TokenInvalid } from './errors.ts';
import type { Settings } from './settings.ts';

/** What a verified access token says (RFC 9068 section 2.2). */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly clientId: string;
  /** Undefined: an opaque token, or one of an issuer that numbers none. */
  readonly jti: string | undefined;
  readonly exp: number;
  readonly iat: number;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** The grant it was issued under; undefined: the client's own. */
  readonly grantId: string | undefined;
  /** The session it ends with. */
  readonly sessionId: string | undefined;
  /** Handles of the tokens it was exchanged for, as `kind:handle`: it falls with each of them. */
  readonly from: readonly string[];
  /** What the issuer had revoked before it issued the token; undefined: not a token of Latchkey. */
  readonly mark: string | undefined;
  /** All claims by their names on the wire. */
  readonly payload: JWTPayload;
}

type Payload = Readonly<Record<string, unknown>>;

/** The claims of a payload whose signature was verified. Its time is not looked at. @throws {TokenInvalid} */
export function claimsOf(payload: Payload, { issuer, audience, typ }: Settings): AccessTokenClaims {
  if (payload['iss'] !== issuer) throw new TokenInvalid('the token is of another issuer');
  if (!isFor(payload['aud'], audience)) throw new TokenInvalid('the token is for another API');
  // What RFC 9068 requires, other issuers may leave out.
  const jti = typ === 'at+jwt' ? text(payload, 'jti') : optional(payload, 'jti');
  return { ...commonClaims(payload), jti, iss: issuer, iat: time(payload, 'iat') };
}

/** Whether one of the audiences is this API. */
export function isFor(aud: unknown, audience: readonly string[]): boolean {
  return listOf(aud).some((one) => audience.includes(one));
}

/** The claims that a token and the answer of introspection have in common. @throws {TokenInvalid} */
export function commonClaims(payload: Payload): Omit<AccessTokenClaims, 'iss' | 'jti' | 'iat'> {
  return {
    sub: text(payload, 'sub'),
    // Issuers from before RFC 9068 call it `azp` (OpenID Connect) or `cid`.
    clientId: optional(payload, 'client_id') ?? optional(payload, 'azp') ?? text(payload, 'cid'),
    exp: time(payload, 'exp'),
    scopes: (optional(payload, 'scope') ?? '').split(' ').filter((scope) => scope !== ''),
    roles: listOf(payload['roles']),
    permissions: listOf(payload['permissions']),
    grantId: optional(payload, 'gid'),
    sessionId: optional(payload, 'sid'),
    from: listOf(payload['from']),
    mark: optional(payload, 'rev'),
    payload,
  };
}

/** @throws {TokenInvalid} when the token is not of this time (RFC 7519 sections 4.1.4 and 4.1.5). */
export function assertInTime(
  { exp, payload }: AccessTokenClaims,
  {
    nowSeconds,
    toleranceSeconds,
  }: { readonly nowSeconds: number; readonly toleranceSeconds: number },
): void {
  if (exp <= nowSeconds - toleranceSeconds) throw new TokenInvalid('the token has expired');
  const { nbf } = payload;
  if (nbf === undefined) return;
  if (typeof nbf !== 'number' || nbf > nowSeconds + toleranceSeconds) {
    throw new TokenInvalid('the token is not valid yet');
  }
}

function text(payload: Payload, name: string): string {
  const value = optional(payload, name);
  if (value === undefined || value === '') throw new TokenInvalid(`the token has no ${name}`);
  return value;
}

function time(payload: Payload, name: string): number {
  const value = payload[name];
  if (typeof value !== 'number') throw new TokenInvalid(`the token has no ${name}`);
  return value;
}

function optional(payload: Payload, name: string): string | undefined {
  const value = payload[name];
  return typeof value === 'string' ? value : undefined;
}

/** Text is a list of one; anything else is none. */
function listOf(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string');
}
