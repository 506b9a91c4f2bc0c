import { hash, timingSafeEqual } from 'node:crypto';

const FINGERPRINT_CHARACTERS = 8;

/** SHA-256 of `text` (UTF-8), as base64url: what the stores hold in place of a secret. */
export function sha256(text: string): string {
  // In one call, since nearly every request asks for several: a hash object costs four times as much.
  return hash('sha256', text, 'base64url');
}

/** Tells one secret from another in a log without giving it away. */
export function fingerprint(secret: string): string {
  return sha256(secret).slice(0, FINGERPRINT_CHARACTERS);
}

/** Compares two digests of one length in constant time; those of different lengths are not equal. */
export function equalDigests(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left, 'latin1'), Buffer.from(right, 'latin1')];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Compares in constant time, whatever the lengths. */
export function equalSecrets(left: string, right: string): boolean {
  const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(left), digest(right));
}
