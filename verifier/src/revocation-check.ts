import type { AccessTokenClaims } from './claims.ts';
import { RevocationUnknown, TokenRevoked } from './errors.ts';
import { createFeedRequests } from './feed-requests.ts';
import { followFeed, type FeedFollowing } from './follow-feed.ts';
import { createHearing, type Hearing } from './hearing.ts';
import { introspect } from './introspection.ts';
import type { Issuer } from './issuer.ts';
import type { RevocationOptions } from './options.ts';
import type { IssuerTime } from './issuer-time.ts';
import { createRhythm, type Rhythm } from './rhythm.ts';
import type { Settings } from './settings.ts';
import { createRevocationList, type RevocationList } from './revocation-list.ts';

/** How long a request waits for a feed that is being connected, or connected again. */
const PATIENCE_MS = 1000;
/** How long after its start the feed counts as being connected. */
const STARTING_MS = 5000;

interface CheckOptions {
  readonly settings: Settings;
  readonly issuer: Issuer;
  readonly time: IssuerTime;
  readonly onMoved: () => void;
}

/** How the verifier fares, for health pages. */
export interface VerifierStatus {
  readonly feed: 'off' | 'starting' | 'following' | 'silent';
  readonly epoch: string | undefined;
  readonly number: number;
  /** Revocations held, and the memory that takes. */
  readonly live: number;
  readonly bytes: number;
  readonly silentForMs: number;
  /** How far the clock of this API is ahead of the issuer's, as the feed tells it: times are judged by the issuer's. */
  readonly clockAheadMs: number;
  readonly disconnects: number;
  readonly lastError: string | undefined;
}

/** Whether a token that is good in itself was taken back. */
export interface RevocationCheck {
  /** Undefined: it was not. @throws {TokenRevoked} {RevocationUnknown} {IssuerUnavailable} */
  check(token: string, claims: AccessTokenClaims): Promise<void> | undefined;
  /** True: whatever was revoked a moment ago is known. */
  isCurrent(): boolean;
  status(): VerifierStatus;
  close(): void;
}

/** Begins to follow the feed. `onMoved` hears of every change after which a token may be revoked that was not. */
export function createRevocationCheck(
  { settings, issuer, time, onMoved }: CheckOptions,
  revocation: RevocationOptions,
): RevocationCheck {
  const { whenSilent, silentAfterSeconds } = revocation;
  const rhythm = createRhythm(silentAfterSeconds && silentAfterSeconds * 1000);
  const startedMs = settings.clock.monotonicMs();
  const list = createRevocationList(onMoved);
  const hearing = createHearing(settings.clock);
  const following = followFeed({
    settings,
    trust: { issuer: settings.issuer, algorithms: settings.algorithms, keys: issuer.keys },
    requests: createFeedRequests(settings, revocation.url ?? feedUrl(settings.issuer)),
    list,
    hearing,
    rhythm,
    time,
  });

  const isSilent = (): boolean => hearing.silentForMs() > rhythm.silentAfterMs();
  /** A word is overdue: the process may have slept, and what came meanwhile be waiting to be read. */
  const isCurrent = (): boolean => hearing.silentForMs() <= rhythm.overdueAfterMs();

  /** How long a request waits for the feed, that may speak in a moment, rather than fail. */
  function waitMs(claims: AccessTokenClaims): number {
    const silentForMs = hearing.silentForMs();
    if (silentForMs === Infinity) {
      return settings.clock.monotonicMs() - startedMs < STARTING_MS ? PATIENCE_MS : 0;
    }
    if (!isCurrent()) {
      const awaitedMs = hearing.awaitedForMs();
      // After a sleep that brings a word at once; else perhaps none comes.
      if (awaitedMs === 0) following.connectAnew();
      const patienceMs = whenSilent === 'refuse' ? PATIENCE_MS - awaitedMs : 0;
      return Math.max(rhythm.silentAfterMs() - silentForMs, patienceMs);
    }
    return list.judge(claims) === 'ahead' ? PATIENCE_MS : 0;
  }

  async function checkLater(token: string, claims: AccessTokenClaims): Promise<void> {
    const ms = waitMs(claims);
    if (ms > 0) await hearing.nextWord(ms);
    const verdict = list.judge(claims);
    // What is known to be revoked stays so, however silent the feed is.
    if (verdict === 'revoked') throw revoked();
    if (verdict === 'valid' && !isSilent()) return;
    const acceptForMs = typeof whenSilent === 'object' ? whenSilent.acceptForSeconds * 1000 : 0;
    if (verdict === 'valid' && hearing.silentForMs() <= acceptForMs) return;
    if (whenSilent !== 'introspect') throw new RevocationUnknown('the feed is silent');
    if ((await introspect(settings, issuer, token)) === undefined) throw revoked();
  }

  return {
    check(token, claims) {
      const verdict = list.judge(claims);
      if (verdict === 'valid' && isCurrent()) return undefined;
      if (verdict === 'revoked' && list.place() !== undefined) throw revoked();
      return checkLater(token, claims);
    },
    isCurrent,
    status: () => statusOf({ list, hearing, following, rhythm, time }),
    close: following.close,
  };
}

/** How the feed fares that has been silent for so long. */
export function feedState(
  silentForMs: number,
  rhythm: Rhythm,
): 'starting' | 'following' | 'silent' {
  if (silentForMs === Infinity) return 'starting';
  return silentForMs > rhythm.silentAfterMs() ? 'silent' : 'following';
}

/** Where the feed of an issuer is. */
export function feedUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/revocations`;
}

const revoked = (): TokenRevoked => new TokenRevoked('the token was revoked');

function statusOf(parts: {
  readonly list: RevocationList;
  readonly hearing: Hearing;
  readonly following: FeedFollowing;
  readonly rhythm: Rhythm;
  readonly time: IssuerTime;
}): VerifierStatus {
  const { list, hearing, following, rhythm, time } = parts;
  const place = list.place();
  const silentForMs = hearing.silentForMs();
  const { count, lastError } = following.disconnects();
  return {
    feed: feedState(silentForMs, rhythm),
    epoch: place?.epoch,
    number: place?.number ?? 0,
    live: list.size(),
    bytes: list.bytes(),
    silentForMs,
    clockAheadMs: Math.round(time.aheadMs()),
    disconnects: count,
    lastError,
  };
}
