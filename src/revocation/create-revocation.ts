import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { createAgreedTime, type AgreedTime } from './agreed-time.ts';
import { createBookkeeping } from './bookkeeping.ts';
import type { RevocationConfig } from './config.ts';
import type { Remembering } from './entry.ts';
import { createEntryAppender } from './entry-appender.ts';
import type { Epoch } from './epoch.ts';
import type { FeedSource } from './feed-source.ts';
import type { Digest } from './handle-table.ts';
import { createHighWaterRecords } from './high-water-records.ts';
import { createLogFollower, type LogFollower } from './log-follower.ts';
import { logKeys } from './log-keys.ts';
import { createLogReader } from './log-reader.ts';
import { markText, parseMark, type Mark } from './mark.ts';
import { createRevocationMemory, type RevocationMemory } from './memory.ts';
import { createOutbox } from './outbox.ts';
import { passBy } from './pass-by.ts';
import { readProgress, type NodeProgress } from './progress.ts';
import { RevocationUnknown, type Revocation, type TokenHandles } from './revocation.ts';
import { createRevoker } from './revoker.ts';
import { startUpkeep } from './upkeep.ts';

export interface RevocationOptions {
  readonly state: State;
  readonly records: Records;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly settings: RevocationConfig;
  /** Of the issuer: each has a log of its own. */
  readonly namespace: string;
  /**
   * A number that the log had come to before all its stores were brought back to an earlier moment: it goes on beyond,
   * so that no follower takes what it knows for the present. 0 when left out.
   */
  readonly beyond?: number | undefined;
}

/** What a node can tell of its revocations, for metrics. */
export interface RevocationMetrics {
  readonly number: number;
  /** Handles that matter still. */
  readonly live: number;
  readonly bytes: number;
  /** Age of what this node knows, in seconds; Infinity: the last read failed. */
  readonly behindSeconds: number;
  readonly unconfirmed: number;
}

/** The room as the composition sees it. */
export interface RevocationRoom extends Revocation {
  metrics(): RevocationMetrics;
  /** What the feed is made of. */
  readonly feed: FeedSource;
  /** How far the nodes that serve, and the followers of their feeds, said last that they are. */
  progress(): Promise<readonly NodeProgress[]>;
  /** The number of the newest revocation of a handle, from memory; 0: there was none that matters still. */
  numberOf(digest: Digest): number;
}

/**
 * Follows the log of the issuer. Resolves after the first attempt to read it; when that failed the
 * room stands all the same, answers "unknown", and goes on trying.
 */
export async function createRevocation(options: RevocationOptions): Promise<RevocationRoom> {
  const { state, records, clock, logger, audit, settings, namespace } = options;
  const keys = logKeys(namespace);
  const memory = createRevocationMemory();
  const highWater = createHighWaterRecords(records, namespace);
  const listeners = new Set<() => void>();
  const remembering = (): Remembering => ({ ...settings, now: clock.now() });
  const told = { remembering, onEpochBegun: tellOfEpoch };
  const reader = createLogReader({ state, highWater, keys, memory, ...told });
  const follower = createLogFollower({
    reader,
    clock,
    onMoved: () => listeners.forEach((listener) => listener()),
  });
  const appender = createEntryAppender({ state, keys, follower });
  const outbox = createOutbox(records, namespace);
  const bookkeeping = createBookkeeping({ highWater, audit, logger });
  const revoker = createRevoker({ ...options, appender, outbox, bookkeeping });

  function tellOfEpoch({ id }: Epoch, reason: string): void {
    if (reason === '') return;
    logger.error(
      { event: 'revocation.epoch', epoch: id, reason },
      'revocations may be lost: every token issued until now is refused',
    );
    const origin = { address: 'node' };
    audit.note({ type: 'revocation', origin, by: 'node', what: 'epoch', target: id, reason });
  }

  await follower.catchUp().catch(() => undefined); // `health` tells, and the upkeep goes on trying.
  if (options.beyond !== undefined)
    await passBy(options.beyond, { ...options, follower, appender });
  const time = createAgreedTime({ state, key: keys.witness, clock });
  const upkeep = startUpkeep({ ...options, keys, follower, memory, highWater, revoker, time });

  return {
    stamp: () => stamp(follower, settings.staleAfter),
    isRevoked: (token) => isRevoked({ follower, memory, staleAfter: settings.staleAfter }, token),
    revoke: revoker.revoke,
    health: () => health(follower, settings.staleAfter, revoker.unconfirmed()),
    metrics: () => ({
      number: follower.position()?.number ?? 0,
      live: memory.size(),
      bytes: memory.bytes(),
      behindSeconds: follower.ageMs() / 1000,
      unconfirmed: revoker.unconfirmed(),
    }),
    feed: feedSource({ follower, memory, time, listeners, staleAfter: settings.staleAfter }),
    progress: () => readProgress(state, keys),
    numberOf: memory.numberOf,
    close: upkeep.close,
  };
}

interface Knowledge {
  readonly follower: LogFollower;
  readonly memory: RevocationMemory;
  readonly staleAfter: number;
}

interface FeedParts extends Knowledge {
  readonly time: AgreedTime;
  readonly listeners: Set<() => void>;
}

function feedSource({ follower, memory, time, listeners, staleAfter }: FeedParts): FeedSource {
  return {
    position: () => (isCutOff(follower, staleAfter) ? undefined : follower.position()),
    // The other half is for the way to whoever follows.
    isFresh: () => follower.ageMs() <= (staleAfter * 1000) / 2,
    refresh: follower.refresh,
    entriesAfter: memory.entriesAfter,
    entry: memory.entry,
    size: memory.size,
    handles: memory.handles,
    forgetsBefore: time.now,
    before: memory.before,
    onMoved(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isCutOff(follower: LogFollower, staleAfter: number): boolean {
  return follower.failingForMs() > staleAfter * 1000;
}

function stamp(follower: LogFollower, staleAfter: number): string {
  const position = follower.position();
  // A mark that is too old only gets its token refused; but who is cut off issues nothing.
  if (position === undefined || isCutOff(follower, staleAfter)) {
    throw new RevocationUnknown('this node does not know the log of revocations');
  }
  return markText(position.id, position.number);
}

async function isRevoked(knowledge: Knowledge, token: TokenHandles): Promise<boolean> {
  const { follower, memory, staleAfter } = knowledge;
  const mark = parseMark(token.mark);
  if (mark === undefined) return true;
  if (follower.ageMs() > staleAfter * 1000) await follower.refresh();
  if (isAhead(follower, mark)) await follower.catchUp();
  if (isAhead(follower, mark) && follower.position()?.id === mark.epoch) {
    // Our own signature says that the log had come further: it has lost what came then.
    await follower.declareLost('a token knows of more than the log holds', mark.generation);
  }
  const position = follower.position();
  if (position === undefined) throw new RevocationUnknown('the log of revocations is not known');
  return position.id !== mark.epoch || memory.matches(token, mark.number);
}

/** The token was issued by a node that had read further, or this one knows nothing. */
function isAhead(follower: LogFollower, mark: Mark): boolean {
  const position = follower.position();
  if (position === undefined || mark.generation > position.generation) return true;
  return mark.epoch === position.id && mark.number > position.number;
}

function health(
  follower: LogFollower,
  staleAfter: number,
  unconfirmed: number,
): ReturnType<Revocation['health']> {
  const position = follower.position();
  const remarks: string[] = [];
  if (position === undefined) remarks.push('the log of revocations has not been read');
  else if (isCutOff(follower, staleAfter)) remarks.push('the log of revocations cannot be read');
  if (unconfirmed > 0) remarks.push(`${unconfirmed} revocation(s) wait to be confirmed`);
  const ok = position !== undefined && !isCutOff(follower, staleAfter);
  return { ok, remarks, number: position?.number ?? 0 };
}
