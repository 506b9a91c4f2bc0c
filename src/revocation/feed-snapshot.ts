import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../runtime/clock.ts';
import { cursorAt, cursorText, SNAPSHOT_TYPE } from './feed-payload.ts';
import type { SignFeed } from './feed-publisher.ts';
import type { FeedSource } from './feed-source.ts';
import type { Revocable } from './handle-table.ts';

const ENTRIES_PER_PART = 20_000;
const ENTRY_BYTES = 15;
/** What is left of an entry's life is told in steps of so many seconds, rounded up. */
const LIFE_STEP_SECONDS = 16;
const LIFE_STEPS_MAX = 2 ** 24 - 1;
/** Digests do not get smaller, whatever the effort. */
const COMPRESSION = { level: 1 } as const;
/** Followers that come together, after an outage, share one. The feed has what came since. */
const SHARED_MS = 2000;

const compress = promisify(gzip);

/** All that matters still, as lines of one JWS each, compressed. */
export interface Snapshots {
  /** Undefined: this node must not speak for the log. */
  take(): Promise<Buffer | undefined>;
}

interface SnapshotOptions {
  readonly source: FeedSource;
  readonly sign: SignFeed;
  readonly issuer: string;
  readonly clock: Clock;
}

/** Makes a snapshot when asked, at most every two seconds. */
export function createSnapshots(options: SnapshotOptions): Snapshots {
  let shared:
    | { readonly epoch: string; readonly madeMs: number; body: Promise<Buffer> }
    | undefined;

  return {
    async take() {
      const position = options.source.position();
      if (position === undefined) return undefined;
      const isFresh = shared !== undefined && performance.now() - shared.madeMs < SHARED_MS;
      if (shared === undefined || !isFresh || shared.epoch !== position.id) {
        const body = make(options, position.id, position.number);
        shared = { epoch: position.id, madeMs: performance.now(), body };
        body.catch(() => {
          shared = undefined;
        });
      }
      return shared.body;
    },
  };
}

async function make(options: SnapshotOptions, epoch: string, number: number): Promise<Buffer> {
  const { source, sign, issuer, clock } = options;
  const now = clock.now();
  const head = {
    iss: issuer,
    iat: now,
    epoch,
    number,
    cursor: cursorText(cursorAt(source, epoch, number)),
    before: source.before(),
    live: source.size(),
  };
  const lines: string[] = [];
  const parts = partsOf(source.handles(), { now, number, forgetsBefore: source.forgetsBefore() });
  for (let part = parts.next(); ;) {
    // One ahead, to know which is the last: without it a truncated snapshot would pass for a whole one.
    const following = parts.next();
    const isLast = following.done === true;
    const entries = part.done === true ? '' : part.value.toString('base64url');
    lines.push(await sign({ ...head, part: lines.length, isLast, entries }, SNAPSHOT_TYPE));
    if (isLast) break;
    part = following;
  }
  return compress(lines.join('\n'), COMPRESSION);
}

// The entries in rows of 15 bytes, big-endian: digest (8), how many numbers ago (4), for how many steps of 16 s more (3).
function* partsOf(
  handles: Iterable<Revocable>,
  at: { readonly now: number; readonly number: number; readonly forgetsBefore: number },
): Generator<Buffer> {
  let rows = Buffer.allocUnsafe(ENTRIES_PER_PART * ENTRY_BYTES);
  let used = 0;
  for (const { high, low, number, tellUntil } of handles) {
    if (tellUntil < at.forgetsBefore) continue;
    rows.writeUInt32BE(high, used);
    rows.writeUInt32BE(low, used + 4);
    rows.writeUInt32BE(at.number - number, used + 8);
    const steps = Math.max(0, Math.ceil((tellUntil - at.now) / LIFE_STEP_SECONDS));
    rows.writeUIntBE(Math.min(steps, LIFE_STEPS_MAX), used + 12, 3);
    used += ENTRY_BYTES;
    if (used < rows.length) continue;
    yield rows;
    rows = Buffer.allocUnsafe(ENTRIES_PER_PART * ENTRY_BYTES);
    used = 0;
  }
  if (used > 0) yield rows.subarray(0, used);
}
