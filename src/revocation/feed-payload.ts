import type { JsonObject } from '../runtime/json.ts';
import type { NumberedEntry } from './entry.ts';
import type { HighWater } from './epoch.ts';
import type { FeedSource } from './feed-source.ts';

/** The `typ` of the JWS that carries a stretch of the feed. */
export const BATCH_TYPE = 'latchkey-revocations+jwt';

/** The `typ` of each JWS of a snapshot. */
export const SNAPSHOT_TYPE = 'latchkey-revocations-snapshot+jwt';

/** Stands in place of a digest for "everything issued before". */
const EVERYTHING = '*';
const CHECK_CHARACTERS = 6;

/** Where a follower stands: `<epoch>.<number>.<check>`. */
export interface Cursor {
  readonly epoch: string;
  readonly number: number;
  /** Of the entry with that number; two entries that took one number, before and after a loss, differ in it. */
  readonly check: string;
}

/** The name of an epoch, as a follower may write it. */
export const CURSOR_EPOCH = /^[\w-]{3,64}$/;

const CURSOR = /^(?<epoch>[\w-]{3,64})\.(?<number>\d{1,15})\.(?<check>[\w-]{0,16})$/;

/** Undefined: not a cursor. */
export function parseCursor(text: string): Cursor | undefined {
  const { epoch, number, check } = CURSOR.exec(text)?.groups ?? {};
  if (epoch === undefined || check === undefined) return undefined;
  return { epoch, number: Number(number), check };
}

export function cursorText({ epoch, number, check }: Cursor): string {
  return `${epoch}.${number}.${check}`;
}

/** The cursor of who has followed up to `number` of the epoch that `source` follows. */
export function cursorAt(source: FeedSource, epoch: string, number: number): Cursor {
  return { epoch, number, check: source.entry(number)?.id.slice(0, CHECK_CHARACTERS) ?? '' };
}

/** True: what follows the cursor continues what its follower knows. */
export function isContinued(source: FeedSource, position: HighWater, cursor: Cursor): boolean {
  if (cursor.epoch !== position.id || cursor.number > position.number) return false;
  return cursorAt(source, cursor.epoch, cursor.number).check === cursor.check;
}

/** What the JWS of a stretch says: the entries behind `after`, without a gap. Without entries: a heartbeat. */
export function batchPayload(batch: {
  readonly issuer: string;
  readonly nowMs: number;
  /** How often something is said, at least. */
  readonly heartbeatMs: number;
  readonly after: number;
  readonly cursor: Cursor;
  /** How far the log had come: a follower that stands there knows all. */
  readonly head: number;
  readonly entries: readonly NumberedEntry[];
}): JsonObject {
  const { issuer, nowMs, heartbeatMs, after, cursor, head, entries } = batch;
  return {
    iss: issuer,
    iat: Math.floor(nowMs / 1000),
    time: nowMs,
    heartbeat: heartbeatMs,
    epoch: cursor.epoch,
    after,
    number: cursor.number,
    head,
    cursor: cursorText(cursor),
    entries: entries.map(({ kind, digest, tellUntil }) => [
      kind === 'before' ? EVERYTHING : digest,
      tellUntil,
    ]),
  };
}
