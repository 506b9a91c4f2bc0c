import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import type { KnownSession } from '../request-scope.ts';
import { object, ofKind, text } from './payloads.ts';
import { mergeSessions } from './session-merge.ts';

/** What one request wants to write of a session. */
export interface SessionWrite {
  readonly payload: JsonObject;
  /** The secret half of the cookie that this request holds or has just made. */
  readonly secret: string;
  /** The revocation mark of this request. */
  readonly mark: string;
}

/** What is to be written, and whether the browser has a newer cookie meanwhile. */
export interface NextSession {
  readonly value: JsonObject;
  readonly isCookieStale: boolean;
}

/** The record of a session that nobody has written yet. */
export function firstSession({ payload, secret, mark }: SessionWrite): NextSession {
  return { value: record(sha256(secret), mark, payload), isCookieStale: false };
}

/**
 * The record to be written over `seen`. Undefined: the session has ended, or is another person's by now, and
 * nothing brings it back.
 */
export function nextSession(
  known: KnownSession,
  seen: Entry | undefined,
  ours: SessionWrite,
): NextSession | undefined {
  const current = ofKind(seen, 'Session');
  if (current === undefined || isOtherPerson(current, ours.payload)) return undefined;
  const payload = mergeSessions({
    base: known.base,
    current: sessionPayload(current),
    ours: ours.payload,
  });
  const id = sha256(ours.secret);
  // A new cookie means that somebody signed in, so the session is as new as this request.
  if (ours.secret !== known.secret)
    return { value: record(id, ours.mark, payload), isCookieStale: false };
  const currentId = text(current, 'id') ?? '';
  const value = record(currentId, text(current, 'mark') ?? '', payload);
  return { value, isCookieStale: currentId !== id };
}

/** The engine's part of a record. */
export function sessionPayload(value: JsonObject): JsonObject {
  return object(value, 'payload') ?? {};
}

function record(id: string, mark: string, payload: JsonObject): JsonObject {
  return { kind: 'Session', id, mark, payload };
}

function isOtherPerson(current: JsonObject, ours: JsonObject): boolean {
  const there = text(sessionPayload(current), 'accountId');
  const here = text(ours, 'accountId');
  return there !== undefined && here !== undefined && there !== here;
}
