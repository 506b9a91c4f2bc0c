import type { JWTPayload } from 'jose';

/** What one of our JWT access tokens says (RFC 9068 section 2.2), decoded. */
export interface AccessTokenClaims {
  readonly jti: string;
  readonly sub: string;
  readonly clientId: string;
  readonly iat: number;
  readonly exp: number;
  readonly aud: readonly string[];
  readonly scope: string | undefined;
  /** The grant it was issued under; undefined: the client's own (client credentials). */
  readonly grantId: string | undefined;
  /** The session it ends with. */
  readonly sessionUid: string | undefined;
  /** Handles of the tokens it was exchanged for, as `kind:handle`. */
  readonly from: readonly string[];
  /** What was revoked before it was issued. */
  readonly mark: string;
  /** Names asked for at userinfo by the `claims` parameter. */
  readonly userinfoClaims: readonly string[];
  /** The key it is bound to (RFC 9449 section 6.1). */
  readonly jkt: string | undefined;
  /** The certificate it is bound to (RFC 8705 section 3.1). */
  readonly x5t: string | undefined;
  readonly payload: JWTPayload;
}

/** Names of our own claims in access tokens. */
export const CLAIM = {
  grant: 'gid',
  session: 'sid',
  mark: 'rev',
  userinfo: 'userinfo_claims',
  from: 'from',
} as const;

/** The claims of a payload whose signature was verified; undefined when one is missing or of a wrong type. */
export function readAccessTokenClaims(payload: JWTPayload): AccessTokenClaims | undefined {
  const { jti, sub, iat, exp, aud } = payload;
  // `azp` where a dialect says it so. An ID token has it, too, but no mark.
  const clientId = textOf(payload['client_id']) ?? textOf(payload['azp']);
  const mark = textOf(payload[CLAIM.mark]);
  if (jti === undefined || sub === undefined || iat === undefined || exp === undefined)
    return undefined;
  if (clientId === undefined || mark === undefined || aud === undefined) return undefined;
  return {
    jti,
    sub,
    clientId,
    iat,
    exp,
    mark,
    payload,
    aud: typeof aud === 'string' ? [aud] : aud,
    scope: textOf(payload['scope']),
    grantId: textOf(payload[CLAIM.grant]),
    sessionUid: textOf(payload[CLAIM.session]),
    from: textsOf(payload[CLAIM.from]),
    userinfoClaims: textsOf(payload[CLAIM.userinfo]),
    jkt: thumbprintOf(payload['cnf'], 'jkt'),
    x5t: thumbprintOf(payload['cnf'], 'x5t#S256'),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a list; anything else is none. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function thumbprintOf(confirmation: unknown, of: 'jkt' | 'x5t#S256'): string | undefined {
  const members = new Map<string, unknown>(Object.entries(confirmation ?? {}));
  return textOf(members.get(of));
}
