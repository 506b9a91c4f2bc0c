import { hash } from 'node:crypto';
import type { Digest } from './handle-table.ts';

/** What has a handle of its own. */
export type HandleKind = 'token' | 'grant' | 'session' | 'account' | 'client';

const HALF = 8;

/**
 * What the log and the feed say in place of a handle: the first 8 bytes of SHA-256 over `kind:handle`, in hex.
 * Whoever reads it can test handles that it already holds and learns no other. That two handles
 * share one (one chance in 10^13 for a token among a million revocations) refuses a token, and never accepts one.
 */
export function digestOf(kind: HandleKind, handle: string): string {
  return hash('sha256', `${kind}:${handle}`, 'hex').slice(0, 2 * HALF);
}

/** The two halves of a digest in hex. */
export function parseDigest(hex: string): Digest {
  return {
    high: Number.parseInt(hex.slice(0, HALF), 16),
    low: Number.parseInt(hex.slice(HALF), 16),
  };
}

/** The digest in hex again. */
export function digestText({ high, low }: Digest): string {
  return high.toString(16).padStart(HALF, '0') + low.toString(16).padStart(HALF, '0');
}
