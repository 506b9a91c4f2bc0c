import { createHash, timingSafeEqual } from 'node:crypto';

const FINGERPRINT_CHARACTERS = 8;

/** SHA-256 of `text` (UTF-8), as base64url: what the stores hold in place of a secret. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

/** Tells one secret from another in a log without giving it away. */
export function fingerprint(secret: string): string {
  return sha256(secret).slice(0, FINGERPRINT_CHARACTERS);
}

/** Compares in constant time, whatever the lengths. */
export function equalSecrets(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}
