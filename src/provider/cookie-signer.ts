import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** Signs cookies and knows its signatures again, as the engine's library for cookies wants it. */
export interface CookieSigner {
  sign(data: string): string;
  /** Which of the keys made `signature`; -1: none. */
  index(data: string, signature: string): number;
  verify(data: string, signature: string): boolean;
}

/**
 * HMAC-SHA-256 with the first of `keys`; what another of them signed is still known. The library's own signer is
 * SHA-1, and takes fifteen times as long to know a signature, which each page asks of several cookies.
 */
export function createCookieSigner(keys: readonly string[]): CookieSigner {
  const secrets = keys.map((key) => createSecretKey(Buffer.from(key, 'utf8')));
  const [first] = secrets;
  if (first === undefined) throw new TypeError('cookies need a key');
  const digest = (data: string, secret = first): string =>
    createHmac('sha256', secret).update(data).digest('base64url');
  const index = (data: string, signature: string): number =>
    secrets.findIndex((secret) => isSame(digest(data, secret), signature));
  return {
    sign: (data) => digest(data),
    index,
    verify: (data, signature) => index(data, signature) >= 0,
  };
}

function isSame(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
