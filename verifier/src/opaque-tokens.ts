import { hash } from 'node:crypto';
import { commonClaims, isFor, type AccessTokenClaims } from './claims.ts';
import { TokenInvalid } from './errors.ts';
import { introspect } from './introspection.ts';
import type { Issuer } from './issuer.ts';
import type { OpaqueTokenOptions } from './options.ts';
import type { Settings } from './settings.ts';

const CACHE_MAX = 1000;
/** So long the node that is asked may not know yet what another one has told the feed. */
const NODES_DIFFER_MS = 2000;

/** Tokens that say nothing by themselves, by the word of the issuer. */
export interface OpaqueTokens {
  /** @throws {TokenInvalid} {IssuerUnavailable} */
  claims(token: string): Promise<AccessTokenClaims>;
  /** Something was revoked: no answer that was given before is good any more. */
  forget(): void;
  size(): number;
}

/** Keeps answers by the digest of the token, at most `cacheMax`; the oldest makes room. */
export function createOpaqueTokens(
  settings: Settings,
  issuer: Issuer,
  { cacheForSeconds, cacheMax = CACHE_MAX }: OpaqueTokenOptions,
): OpaqueTokens {
  const { clock } = settings;
  const kept = new Map<string, { readonly askedMs: number; readonly claims: AccessTokenClaims }>();
  /** Questions under way: a token that comes ten times at once is asked about once. */
  const asked = new Map<string, Promise<AccessTokenClaims>>();
  let forgotMs = -Infinity;

  async function ask(token: string, key: string): Promise<AccessTokenClaims> {
    const askedMs = clock.monotonicMs();
    const claims = readClaims(await introspect(settings, issuer, token), settings);
    if (askedMs > forgotMs + NODES_DIFFER_MS) keep(key, { askedMs, claims });
    return claims;
  }

  function keep(key: string, answer: { askedMs: number; claims: AccessTokenClaims }): void {
    if (cacheForSeconds === 0) return;
    for (const oldest of kept.keys()) {
      if (kept.size < cacheMax) break;
      kept.delete(oldest);
    }
    kept.set(key, answer);
  }

  return {
    async claims(token) {
      const key = hash('sha256', token, 'base64url');
      const known = kept.get(key);
      const isFresh = (at: number): boolean => clock.monotonicMs() - at < cacheForSeconds * 1000;
      if (known !== undefined && isFresh(known.askedMs)) return known.claims;
      kept.delete(key);
      const question = asked.get(key) ?? ask(token, key).finally(() => asked.delete(key));
      asked.set(key, question);
      return question;
    },
    forget() {
      forgotMs = clock.monotonicMs();
      kept.clear();
      // Whoever comes from now on asks anew: the answer on its way may be from before.
      asked.clear();
    },
    size: () => kept.size,
  };
}

function readClaims(
  answer: Readonly<Record<string, unknown>> | undefined,
  { issuer, audience }: Settings,
): AccessTokenClaims {
  if (answer === undefined) throw new TokenInvalid('the issuer says that the token is not active');
  const { iss, aud, jti, iat } = answer;
  if (iss !== undefined && iss !== issuer) throw new TokenInvalid('the token is of another issuer');
  // Else a token for another API of the same issuer would open this one.
  if (!isFor(aud, audience)) throw new TokenInvalid('the token is for another API');
  return {
    ...commonClaims(answer),
    iss: issuer,
    jti: typeof jti === 'string' ? jti : undefined,
    iat: typeof iat === 'number' ? iat : 0,
  };
}
