import type { NewKey, Plan, Ring, RingKey } from './ring.ts';
import {
  changed,
  inOrder,
  phaseOf,
  remembering,
  signerOf,
  withKey,
  type Look,
} from './schedule.ts';

/** A ring that was changed by hand, and the key that signs next. */
export interface Hastened {
  readonly ring: Ring;
  readonly next: RingKey;
}

/**
 * The ring whose next key signs as soon as verifiers can know it and all nodes have heard, or `immediately`.
 * A key that signs sooner anyway is left as it is. Undefined: no key waits and there is no `spare`.
 */
export function hastened(
  ring: Ring,
  plan: Plan,
  order: {
    readonly now: number;
    readonly immediately: boolean;
    readonly spare: NewKey | undefined;
  },
): Hastened | undefined {
  const { now, immediately, spare } = order;
  const waiting = firstWaiting(ring, { now, wanted: true });
  const publishedAt = waiting?.publishedAt ?? now;
  const known = Math.max(now + plan.spreadSeconds, publishedAt + plan.knownAfterSeconds);
  const signsFrom = immediately ? now : known;
  if (waiting && signsFrom >= waiting.signsFrom) return { ring, next: waiting };
  if (waiting) return result(movedForward(ring, plan, waiting, { now, signsFrom }), waiting.kid);
  if (!spare) return undefined;
  const keys = verifyingLonger(ring, plan, { now, signsFrom });
  const due = { slot: ring.slots + 1, publishedAt: now, signsFrom };
  return result(withKey({ ...ring, keys }, plan, spare, due), spare.kid);
}

/**
 * The ring without `kid`, for ever. If it was the signing key, its successor takes its very place in time,
 * so that no clock, however slow, sees an older key sign again. Undefined: a successor is needed and there
 * is neither a waiting key nor a `spare`.
 */
export function revoked(
  ring: Ring,
  plan: Plan,
  order: {
    readonly kid: string;
    readonly reason: string;
    readonly look: Look;
    readonly spare: NewKey | undefined;
  },
): Ring | undefined {
  const { kid, reason, look, spare } = order;
  const target = ring.keys.find((key) => key.kid === kid);
  const bare = changed(ring, {
    keys: ring.keys.filter((key) => key !== target),
    retired: ring.retired.filter((key) => key.kid !== kid),
    revoked: [...ring.revoked, { kid, at: look.now, reason }],
    past: remembering(ring.past, [kid]),
  });
  if (!target || target !== signerOf(ring, look)) return bare;
  const waiting = firstWaiting(ring, look);
  if (waiting) {
    const successor = { ...startingAt(waiting, look.now), signsFrom: target.signsFrom };
    return { ...bare, keys: replaced(bare.keys, waiting, successor) };
  }
  if (!look.wanted) return bare;
  if (!spare) return undefined;
  const due = { slot: ring.slots + 1, publishedAt: look.now, signsFrom: look.now };
  const filled = withKey(bare, plan, spare, due);
  const keys = filled.keys.map((key) =>
    key.kid === spare.kid ? { ...key, signsFrom: target.signsFrom } : key,
  );
  return { ...filled, number: bare.number, keys: inOrder(keys) };
}

/**
 * The ring with `key` as the one that signs next. A generated key that waits gives up its place, unless
 * a node that has not heard of this yet could already be signing with it.
 */
export function imported(ring: Ring, plan: Plan, key: NewKey, now: number): Ring {
  const waiting = firstWaiting(ring, { now, wanted: true });
  const known = now + plan.publishAheadSeconds;
  const slot = ring.slots + 1;
  if (waiting && waiting.source === 'generated' && waiting.signsFrom > now + plan.settleSeconds) {
    const signsFrom = Math.max(known, waiting.signsFrom);
    const without = {
      ...ring,
      keys: ring.keys.filter((other) => other !== waiting),
      past: remembering(ring.past, [waiting.kid]),
    };
    return withKey(without, plan, key, { slot, publishedAt: now, signsFrom });
  }
  const signsFrom = Math.max(known, ring.keys.at(-1)?.signsUntil ?? known);
  return withKey(ring, plan, key, { slot, publishedAt: now, signsFrom });
}

function firstWaiting(ring: Ring, look: Look): RingKey | undefined {
  return ring.keys.find((key) => phaseOf(ring, key, look) === 'published');
}

function movedForward(
  ring: Ring,
  plan: Plan,
  waiting: RingKey,
  order: { readonly now: number; readonly signsFrom: number },
): Ring {
  const keys = verifyingLonger(ring, plan, order).map((key) =>
    key.kid === waiting.kid ? startingAt(key, order.signsFrom) : key,
  );
  const opensAt = Math.min(ring.opensAt, order.signsFrom);
  return changed(ring, { keys: inOrder(keys), opensAt });
}

/**
 * Whoever has not heard yet that a key is followed at once signs on with it for a moment: it has to be
 * known for so much longer.
 */
function verifyingLonger(
  ring: Ring,
  plan: Plan,
  { now, signsFrom }: { readonly now: number; readonly signsFrom: number },
): readonly RingKey[] {
  const signer = signerOf(ring, { now, wanted: true });
  if (!signer || signsFrom >= now + plan.spreadSeconds) return ring.keys;
  const verifyForSeconds = signer.verifyForSeconds + plan.spreadSeconds;
  return ring.keys.map((key) => (key === signer ? { ...key, verifyForSeconds } : key));
}

/** The key with its signing moved to `at`, as long as planned. */
function startingAt(key: RingKey, at: number): RingKey {
  return { ...key, signsFrom: at, signsUntil: at + (key.signsUntil - key.signsFrom) };
}

function replaced(keys: readonly RingKey[], old: RingKey, by: RingKey): readonly RingKey[] {
  return inOrder(keys.map((key) => (key === old ? by : key)));
}

function result(ring: Ring, kid: string): Hastened {
  const next = ring.keys.find((key) => key.kid === kid);
  if (!next) throw new TypeError('the key was just put into the ring');
  return { ring, next };
}
