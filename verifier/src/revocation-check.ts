import type { AccessTokenClaims } from './claims.ts';
import { RevocationUnknown, TokenRevoked } from './errors.ts';
import { createFeedRequests } from './feed-requests.ts';
import { followFeed, type FeedFollowing } from './follow-feed.ts';
import { createHearing, type Hearing } from './hearing.ts';
import { isActive } from './introspection.ts';
import type { Issuer } from './issuer.ts';
import type { RevocationOptions, Settings } from './options.ts';
import { createRevocationList, type RevocationList } from './revocation-list.ts';

const SILENT_AFTER_SECONDS = 3;
/** How long a request waits for a feed that is being connected, or connected again. */
const PATIENCE_MS = 1000;
/** How long after its start the feed counts as being connected. */
const STARTING_MS = 5000;

/** How the verifier fares, for health pages. */
export interface VerifierStatus {
  readonly feed: 'off' | 'starting' | 'following' | 'silent';
  readonly epoch: string | undefined;
  readonly number: number;
  /** Revocations held, and the memory that takes. */
  readonly live: number;
  readonly bytes: number;
  readonly silentForMs: number;
  readonly disconnects: number;
  readonly lastError: string | undefined;
}

/** Whether a token that is good in itself was taken back. */
export interface RevocationCheck {
  /** @throws {TokenRevoked} {RevocationUnknown} {IssuerUnavailable} */
  check(token: string, claims: AccessTokenClaims): Promise<void>;
  status(): VerifierStatus;
  close(): void;
}

/** Begins to follow the feed. */
export function createRevocationCheck(
  settings: Settings,
  issuer: Issuer,
  revocation: RevocationOptions,
): RevocationCheck {
  const { whenSilent, silentAfterSeconds = SILENT_AFTER_SECONDS } = revocation;
  const silentAfterMs = silentAfterSeconds * 1000;
  const startedMs = settings.clock.monotonicMs();
  const list = createRevocationList();
  const hearing = createHearing(settings.clock);
  const url = revocation.url ?? `${settings.issuer.replace(/\/$/, '')}/revocations`;
  const following = followFeed({
    settings,
    trust: { issuer: settings.issuer, algorithms: settings.algorithms, keys: issuer.keys },
    requests: createFeedRequests(settings, url),
    list,
    hearing,
    silentAfterMs,
  });

  const isSilent = (): boolean => hearing.silentForMs() > silentAfterMs;

  /** The feed may speak in a moment, so that a request waits rather than fails. */
  function isWorthWaiting(claims: AccessTokenClaims): boolean {
    if (hearing.silentForMs() === Infinity) {
      return settings.clock.monotonicMs() - startedMs < STARTING_MS;
    }
    if (isSilent()) return hearing.silentForMs() < silentAfterMs + PATIENCE_MS;
    return list.judge(claims) === 'ahead';
  }

  async function checkInSilence(token: string, claims: AccessTokenClaims): Promise<void> {
    if (whenSilent === 'introspect') {
      if (await isActive(settings, issuer, token)) return;
      throw new TokenRevoked('the issuer says that the token is not active');
    }
    const acceptForMs = whenSilent === 'refuse' ? 0 : whenSilent.acceptForSeconds * 1000;
    if (hearing.silentForMs() <= acceptForMs && list.judge(claims) === 'valid') return;
    throw new RevocationUnknown('the feed of revocations is silent');
  }

  return {
    async check(token, claims) {
      if (isWorthWaiting(claims)) await hearing.nextWord(PATIENCE_MS);
      const verdict = list.judge(claims);
      // What is known to be revoked stays so, however silent the feed is.
      if (verdict === 'revoked') throw new TokenRevoked('the token was revoked');
      if (verdict === 'ahead' || isSilent()) await checkInSilence(token, claims);
    },
    status: () => statusOf({ list, hearing, following, silentAfterMs }),
    close: following.close,
  };
}

function statusOf(parts: {
  readonly list: RevocationList;
  readonly hearing: Hearing;
  readonly following: FeedFollowing;
  readonly silentAfterMs: number;
}): VerifierStatus {
  const { list, hearing, following, silentAfterMs } = parts;
  const place = list.place();
  const silentForMs = hearing.silentForMs();
  const { count, lastError } = following.disconnects();
  const heard = silentForMs > silentAfterMs ? 'silent' : 'following';
  return {
    feed: silentForMs === Infinity ? 'starting' : heard,
    epoch: place?.epoch,
    number: place?.number ?? 0,
    live: list.size(),
    bytes: list.bytes(),
    silentForMs,
    disconnects: count,
    lastError,
  };
}
