import { randomBytes } from 'node:crypto';

/** `bytes` random bytes as base64url: 16 bytes (128 bit) name a thing, 32 bytes are a secret. */
export function randomId(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}
