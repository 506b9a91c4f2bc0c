import { randomBytes, randomInt, randomUUID } from 'node:crypto';

const FRACTIONS = 1_000_000;

/** `bytes` random bytes as base64url: 16 bytes (128 bit) name a thing, 32 bytes are a secret. */
export function randomId(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}

/** A UUID of version 4 (RFC 9562 section 5.4), where a protocol wants that form of a name. */
export function randomUuid(): string {
  return randomUUID();
}

/** From 0 to below 1: for pauses that nobody can predict. */
export function randomFraction(): number {
  return randomInt(FRACTIONS) / FRACTIONS;
}
