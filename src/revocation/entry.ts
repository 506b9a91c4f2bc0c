import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import { digestOf, digestText } from './digest.ts';
import type { Revoked } from './revocation.ts';

/** One revocation as it stands in the log, in state. */
export interface RevocationEntry {
  /** Random: tells two entries apart that took the same number in a log that lost its tail. */
  readonly id: string;
  readonly kind: Revoked['kind'];
  /** The digest of what was revoked; empty with kind `before`. */
  readonly digest: string;
  /** NumericDate at which all is dead that it can match: access tokens, sessions, grants, refresh tokens. */
  readonly expiresAt: number;
  /** NumericDate at which every access token is dead that it can match: so long the feed tells of it. */
  readonly tellUntil: number;
}

/** An entry with its place in the feed. */
export interface NumberedEntry extends RevocationEntry {
  readonly number: number;
}

/** How long a revocation has to be remembered. */
export interface Remembering {
  readonly now: number;
  readonly longestToken: number;
  readonly longestRecord: number;
  readonly tolerance: number;
}

const KINDS = ['token', 'grant', 'session', 'account', 'client', 'before'] as const;

const storedEntry = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  digest: z.string().regex(/^(?:[0-9a-f]{16})?$/),
  expiresAt: z.int().nonnegative(),
  tellUntil: z.int().nonnegative(),
});

/** The entry that takes `what` back. */
export function entryOf(id: string, what: Revoked, remembering: Remembering): RevocationEntry {
  const { kind } = what;
  const digest = kind === 'before' ? '' : digestText(digestOf(kind, handleOf(what)));
  if (kind === 'token') {
    const expiresAt = Math.ceil(what.expiresAt) + remembering.tolerance;
    return { id, kind, digest, expiresAt, tellUntil: expiresAt };
  }
  return { id, kind, digest, ...livesFrom(remembering) };
}

/**
 * An entry that was written a moment ago, for as long as one written by `remembering` lives: the clock of its writer may be
 * behind. One of a token says itself when that dies.
 */
export function inFull<Entry extends RevocationEntry>(
  entry: Entry,
  remembering: Remembering,
): Entry {
  if (entry.kind === 'token') return entry;
  const { tellUntil, expiresAt } = livesFrom(remembering);
  return {
    ...entry,
    tellUntil: Math.max(entry.tellUntil, tellUntil),
    expiresAt: Math.max(entry.expiresAt, expiresAt),
  };
}

function livesFrom({
  now,
  longestToken,
  longestRecord,
  tolerance,
}: Remembering): Pick<RevocationEntry, 'tellUntil' | 'expiresAt'> {
  const tellUntil = now + longestToken + tolerance;
  return { tellUntil, expiresAt: Math.max(now + longestRecord + tolerance, tellUntil) };
}

/** The handle itself, for the audit; empty with kind `before`. */
export function handleOf(what: Revoked): string {
  switch (what.kind) {
    case 'token':
      return what.jti;
    case 'grant':
      return what.grantId;
    case 'session':
      return what.sessionUid;
    case 'account':
      return what.accountId;
    case 'client':
      return what.clientId;
    case 'before':
      return '';
  }
}

/** An entry as the state engine gave it back. @throws {z.ZodError} when it is not one: then nothing is known. */
export function readEntry(value: Json): RevocationEntry {
  return storedEntry.parse(value);
}

/** An entry as the state engine takes it. */
export function entryValue(entry: RevocationEntry): Json {
  const { id, kind, digest, expiresAt, tellUntil } = entry;
  return { id, kind, digest, expiresAt, tellUntil };
}
