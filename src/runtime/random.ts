import { randomBytes, randomInt } from 'node:crypto';

const FRACTIONS = 1_000_000;

/** `bytes` random bytes as base64url: 16 bytes (128 bit) name a thing, 32 bytes are a secret. */
export function randomId(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}

/** From 0 to below 1: for pauses that nobody can predict. */
export function randomFraction(): number {
  return randomInt(FRACTIONS) / FRACTIONS;
}
