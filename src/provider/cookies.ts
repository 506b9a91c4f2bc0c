import { sha256 } from '../runtime/digest.ts';
import type { IssuerProfile } from './contract.ts';

const HASH_CHARACTERS = 8;

/** Names of the engine's cookies for one issuer. */
export interface CookieNames {
  readonly session: string;
  readonly interaction: string;
  readonly resume: string;
}

/**
 * Under https the prefixes of RFC 6265bis section 4.1.3, which no other host or plain connection can set;
 * cookies bound to a path cannot have `__Host-`. On http, which is this machine alone and shares cookies
 * between ports, the names carry the issuer's hash.
 */
export function cookieNames({ issuer, namespace }: IssuerProfile): CookieNames {
  if (!issuer.startsWith('https:')) {
    const hash = sha256(issuer).slice(0, HASH_CHARACTERS);
    const name = (what: string): string => `${namespace}-${what}-${hash}`;
    return { session: name('session'), interaction: name('interaction'), resume: name('resume') };
  }
  return {
    session: `__Host-${namespace}-session`,
    interaction: `__Secure-${namespace}-interaction`,
    resume: `__Secure-${namespace}-resume`,
  };
}
