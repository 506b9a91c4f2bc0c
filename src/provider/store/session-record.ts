import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import type { KnownSession } from '../request-scope.ts';
import { number, object, ofKind, text, toJson } from './payloads.ts';
import { mergeSessions } from './session-merge.ts';

/** What one request wants to write of a session. */
export interface SessionWrite {
  readonly payload: JsonObject;
  /** The secret half of the cookie that this request holds or has just made. */
  readonly secret: string;
  /** The revocation mark of this request. */
  readonly mark: string;
  readonly seen: Sighting;
}

/** When and where from a browser came by. */
export interface Sighting {
  /** NumericDate. */
  readonly at: number;
  readonly address: string;
  readonly userAgent?: string | undefined;
}

/** A sighting stands for as long, so that a session is not another one at every request. */
const SIGHTING_SECONDS = 900;

/** What is to be written, and whether the browser has a newer cookie meanwhile. */
export interface NextSession {
  readonly value: JsonObject;
  readonly isCookieStale: boolean;
}

/** The record of a session that nobody has written yet. */
export function firstSession(ours: SessionWrite): NextSession {
  return { value: newRecord(ours, ours.payload), isCookieStale: false };
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
  // A new cookie means that somebody signed in, so the session is as new as this request.
  if (ours.secret !== known.secret)
    return { value: newRecord(ours, payload), isCookieStale: false };
  const id = text(current, 'id') ?? '';
  const mark = text(current, 'mark') ?? '';
  const sighting = latestSighting(object(current, 'seen'), ours.seen);
  const value = { kind: 'Session', id, mark, payload, seen: sighting };
  return { value, isCookieStale: id !== sha256(ours.secret) };
}

/** The engine's part of a record. */
export function sessionPayload(value: JsonObject): JsonObject {
  return object(value, 'payload') ?? {};
}

/** Where a record says that the browser was seen last. */
export function sightingIn(value: JsonObject): Sighting | undefined {
  const seen = object(value, 'seen') ?? {};
  const at = number(seen, 'at');
  if (at === undefined) return undefined;
  return { at, address: text(seen, 'address') ?? '', userAgent: text(seen, 'userAgent') };
}

function newRecord({ secret, mark, seen }: SessionWrite, payload: JsonObject): JsonObject {
  return { kind: 'Session', id: sha256(secret), mark, payload, seen: toJson(seen) };
}

function latestSighting(before: JsonObject | undefined, ours: Sighting): JsonObject {
  const isOld = ours.at - (number(before ?? {}, 'at') ?? 0) >= SIGHTING_SECONDS;
  return before === undefined || isOld ? toJson(ours) : before;
}

function isOtherPerson(current: JsonObject, ours: JsonObject): boolean {
  const there = text(sessionPayload(current), 'accountId');
  const here = text(ours, 'accountId');
  return there !== undefined && here !== undefined && there !== here;
}
