import { Buffer } from 'node:buffer';
import { compactVerify } from 'jose';
import type { Digest } from './handle-table.ts';
import type { IssuerKeys } from './jws.ts';

/** Bytes of one entry of a snapshot: digest (8), how many numbers ago (4), for how many steps more (3). */
const ENTRY_BYTES = 15;
const LIFE_STEP_SECONDS = 16;
const EPOCH = /^(?<generation>[1-9]\d{0,8})-[\w-]{1,32}$/;

/** How far a log had come. */
export interface LogPlace {
  readonly epoch: string;
  readonly generation: number;
  readonly number: number;
}

/** What every message of the feed says. */
export interface FeedMessage extends LogPlace {
  /** Seconds since the epoch, by the issuer's clock. */
  readonly issuedAt: number;
  readonly cursor: string;
}

/** The entries behind `after`; none: a heartbeat. */
export interface BatchMessage extends FeedMessage {
  /** Milliseconds since the epoch, by the issuer's clock. */
  readonly sentMs: number;
  /** The feed speaks at least so often. */
  readonly heartbeatMs: number;
  readonly after: number;
  /** How far the log had come. */
  readonly head: number;
  readonly entries: readonly { readonly digest: string; readonly until: number }[];
}

/** A part of all that matters still. */
export interface SnapshotMessage extends FeedMessage {
  /** What was issued before this number is revoked, whatever it is. */
  readonly before: number;
  /** How many entries to expect, of all parts, at most. */
  readonly live: number;
  readonly part: number;
  readonly isLast: boolean;
  readonly entries: Buffer;
}

/** How messages are verified. */
export interface FeedTrust {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  keys(): Promise<IssuerKeys>;
}

/** A stretch of the feed. @throws {Error} when it is not signed by the issuer, or is none. */
export async function readBatch(jws: string, trust: FeedTrust): Promise<BatchMessage> {
  const payload = await readPayload(jws, 'latchkey-revocations+jwt', trust);
  const { entries } = payload;
  if (!Array.isArray(entries)) throw new Error('no entries');
  return {
    ...messageOf(payload),
    sentMs: count(payload['time']),
    heartbeatMs: count(payload['heartbeat']),
    after: count(payload['after']),
    head: count(payload['head']),
    entries: entries.map(entryOf),
  };
}

/** A part of a snapshot. @throws {Error} when it is not signed by the issuer, or is none. */
export async function readSnapshotPart(jws: string, trust: FeedTrust): Promise<SnapshotMessage> {
  const payload = await readPayload(jws, 'latchkey-revocations-snapshot+jwt', trust);
  const entries = Buffer.from(text(payload['entries']), 'base64url');
  if (entries.length % ENTRY_BYTES !== 0) throw new Error('a cut entry');
  return {
    ...messageOf(payload),
    before: count(payload['before']),
    live: count(payload['live']),
    part: count(payload['part']),
    isLast: payload['isLast'] === true,
    entries,
  };
}

/** True: it comes from a node that is behind, or was restored, and must not make us forget. */
export function isOlder(next: LogPlace, known: LogPlace): boolean {
  if (next.generation !== known.generation) return next.generation < known.generation;
  return next.epoch !== known.epoch || next.number < known.number;
}

/** Calls `take` with each entry of a part. */
export function eachEntry(
  { entries, number, issuedAt }: SnapshotMessage,
  take: (digest: Digest, number: number, until: number) => void,
): void {
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    const digest = { high: entries.readUInt32BE(at), low: entries.readUInt32BE(at + 4) };
    const life = entries.readUIntBE(at + 12, 3) * LIFE_STEP_SECONDS;
    take(digest, number - entries.readUInt32BE(at + 8), issuedAt + life);
  }
}

type Payload = Readonly<Record<string, unknown>>;

async function readPayload(jws: string, typ: string, trust: FeedTrust): Promise<Payload> {
  const options = { algorithms: [...trust.algorithms] };
  const { payload, protectedHeader } = await compactVerify(jws, await trust.keys(), options);
  // Else another thing that the issuer signs could pass for a word of the feed.
  if (protectedHeader.typ !== typ) throw new Error(`not a ${typ}`);
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const claims: Payload = { ...value };
  if (claims['iss'] !== trust.issuer) throw new Error('of another issuer');
  return claims;
}

function messageOf(payload: Payload): FeedMessage {
  const epoch = text(payload['epoch']);
  const generation = Number(EPOCH.exec(epoch)?.groups?.['generation'] ?? NaN);
  return {
    issuedAt: count(payload['iat']),
    epoch,
    generation: count(generation),
    number: count(payload['number']),
    cursor: text(payload['cursor']),
  };
}

function entryOf(entry: unknown): { readonly digest: string; readonly until: number } {
  if (!Array.isArray(entry)) throw new Error('not an entry');
  const [digest, until]: readonly unknown[] = entry;
  const hex = text(digest);
  if (!/^(?:[0-9a-f]{16}|\*)$/.test(hex)) throw new Error('not a digest');
  return { digest: hex, until: count(until) };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('not a text');
  return value;
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Error('not a number');
  }
  return value;
}
