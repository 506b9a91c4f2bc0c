import type { NewKey, Plan, Ring, RingKey } from './ring.ts';
import type { KeyPhase } from './signing-keys.ts';

const PAST_MAX = 1000;
const RETIRED_MAX = 200;
const CLOCK_GONE_ASTRAY_SECONDS = 3600;

/** An instant at which a ring is looked at. */
export interface Look {
  /** NumericDate. */
  readonly now: number;
  /** Whether this node has the algorithm configured. If not, a ring that nobody continues comes to its end. */
  readonly wanted: boolean;
}

/** The place in time that waits for a key. */
export interface Due {
  readonly slot: number;
  readonly publishedAt: number;
  readonly signsFrom: number;
}

/** The key that signs at `now`: one and only one, but in a ring that is closed, ending, or not yet open. */
export function signerOf(ring: Ring, look: Look): RingKey | undefined {
  const index = signerIndex(ring, look);
  const key = ring.keys[index];
  return key && look.now < lastSignatureAt(ring, index, look.wanted) ? key : undefined;
}

/** Where `key` of `ring` stands; `gone`: its tokens are dead, it is out of the key set. */
export function phaseOf(ring: Ring, key: RingKey, look: Look): KeyPhase | 'gone' {
  const index = ring.keys.indexOf(key);
  const signer = signerIndex(ring, look);
  if (index > signer) return 'published';
  const stopsAt = lastSignatureAt(ring, index, look.wanted);
  if (index === signer && look.now < stopsAt) return 'signing';
  return look.now < stopsAt + key.verifyForSeconds ? 'verifying' : 'gone';
}

/** When `key` signs its last (NumericDate); Infinity while nobody is to follow it. */
export function signsUntil(ring: Ring, key: RingKey, wanted = true): number {
  return lastSignatureAt(ring, ring.keys.indexOf(key), wanted);
}

/** The next instant after `now` at which any phase of `ring` changes or a retired key is forgotten. */
export function nextChange(ring: Ring, look: Look): number | undefined {
  const instants = ring.keys.flatMap((key, index) => {
    const stopsAt = lastSignatureAt(ring, index, look.wanted);
    return [key.signsFrom, stopsAt, stopsAt + key.verifyForSeconds];
  });
  const ahead = [...instants, ...ring.retired.map(({ until }) => until)].filter(
    (at) => at > look.now && Number.isFinite(at),
  );
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/**
 * The slot for which a key must be made now, if any: so early that it is published for `publishAhead`
 * before it signs. When that was missed (every node was off), the last key goes on signing for as long.
 */
export function dueKey(ring: Ring, plan: Plan, now: number): Due | undefined {
  const last = ring.keys.findLast((key) => !isOfTheFuture(key, now)) ?? ring.keys.at(-1);
  const slot = ring.slots + 1;
  if (!last) return { slot, publishedAt: now, signsFrom: now + plan.knownAfterSeconds };
  if (now < last.signsUntil - plan.publishAheadSeconds) return undefined;
  const signsFrom = Math.max(last.signsUntil, now + plan.publishAheadSeconds);
  return { slot, publishedAt: now, signsFrom };
}

/** A ring with its first key: it signs at once when the installation is born, else once verifiers can know it. */
export function newRing(
  identity: Pick<Ring, 'algorithm' | 'birth'>,
  plan: Plan,
  key: NewKey,
  first: { readonly now: number; readonly atOnce: boolean },
): Ring {
  const nothing = { keys: [], retired: [], revoked: [], past: [] };
  const empty = { ...identity, ...nothing, number: 0, slots: 0, opensAt: 0 };
  const signsFrom = first.now + (first.atOnce ? 0 : plan.knownAfterSeconds);
  return withKey(empty, plan, key, { slot: 1, publishedAt: first.now, signsFrom });
}

/** The ring with `key` in the place that was due. */
export function withKey(ring: Ring, plan: Plan, key: NewKey, due: Due): Ring {
  const signsUntilPlanned = due.signsFrom + plan.signForSeconds;
  const verifyForSeconds = plan.verifyForSeconds;
  const added = { ...key, ...due, signsUntil: signsUntilPlanned, verifyForSeconds };
  const keys = inOrder([...ring.keys, added]);
  return changed(ring, { slots: due.slot, keys, opensAt: opening(ring, due) });
}

/**
 * The ring without what time has made useless: private halves that have signed their last, keys whose
 * tokens are dead, retired keys past their time. The same object when there is nothing to do.
 */
export function tidied(ring: Ring, plan: Plan, look: Look): Ring {
  const gone = ring.keys.filter((key) => phaseOf(ring, key, look) === 'gone');
  const kept = ring.keys.filter((key) => !gone.includes(key));
  const keys = kept.map((key) => settled(ring, key, plan, look));
  const retired = ring.retired.filter(({ until }) => look.now < until);
  const changes =
    gone.length > 0 ||
    retired.length < ring.retired.length ||
    keys.some((key, index) => key !== kept[index]);
  return changes ? retire(changed(ring, { keys, retired }), gone, plan, look.now) : ring;
}

/** The next version of `ring`. */
export function changed(ring: Ring, changes: Partial<Omit<Ring, 'number'>>): Ring {
  return { ...ring, ...changes, number: ring.number + 1 };
}

/** Keys by the time at which they begin to sign; of two that begin together the later slot is the later one. */
export function inOrder(keys: readonly RingKey[]): readonly RingKey[] {
  return keys.toSorted((a, b) => a.signsFrom - b.signsFrom || a.slot - b.slot);
}

/** Notes that the keys `kids` were here, so that none of them is taken again. */
export function remembering(past: readonly string[], kids: readonly string[]): readonly string[] {
  return [...past, ...kids.filter((kid) => !past.includes(kid))].slice(-PAST_MAX);
}

/**
 * The place of the key that has begun to sign last. A clock that is behind finds keys that have not begun
 * at all, or whose private half is gone: then it is the first that still can. -1: none, the ring is not open.
 */
function signerIndex(ring: Ring, look: Look): number {
  if (look.now < ring.opensAt) return -1;
  const begun = ring.keys.findLastIndex((key) => key.signsFrom <= look.now);
  if (ring.keys[begun]?.sealed !== undefined) return begun;
  const next = ring.keys.findIndex((key, index) => index > begun && key.sealed !== undefined);
  return next < 0 ? begun : next;
}

/** The first key of all, if verifiers may not know it yet, is waited for; from then on a ring is always open. */
function opening(ring: Ring, due: Due): number {
  if (ring.keys.length > 0) return Math.min(ring.opensAt, due.signsFrom);
  return due.signsFrom > due.publishedAt ? due.signsFrom : 0;
}

function lastSignatureAt(ring: Ring, index: number, wanted: boolean): number {
  const end = wanted ? Infinity : (ring.keys[index]?.signsUntil ?? Infinity);
  return ring.keys[index + 1]?.signsFrom ?? end;
}

/** Made by a node whose clock was far ahead: it keeps its place, but must not keep others from being made. */
function isOfTheFuture(key: RingKey, now: number): boolean {
  return key.publishedAt > now + CLOCK_GONE_ASTRAY_SECONDS;
}

function settled(ring: Ring, key: RingKey, plan: Plan, look: Look): RingKey {
  const stopsAt = signsUntil(ring, key, look.wanted);
  if (key.sealed !== undefined && look.now >= stopsAt + plan.openForSeconds)
    return { ...key, sealed: undefined };
  // Tokens live longer than when the key was born: whoever knows it first says so for all nodes.
  const mustVerifyLonger = look.wanted && key.verifyForSeconds < plan.verifyForSeconds;
  return mustVerifyLonger && look.now < stopsAt
    ? { ...key, verifyForSeconds: plan.verifyForSeconds }
    : key;
}

function retire(ring: Ring, gone: readonly RingKey[], plan: Plan, now: number): Ring {
  const until = now + plan.hintsForSeconds;
  const retired = until > now ? gone.map(({ kid, publicJwk }) => ({ kid, publicJwk, until })) : [];
  const kids = gone.map(({ kid }) => kid);
  return {
    ...ring,
    retired: [...ring.retired, ...retired].slice(-RETIRED_MAX),
    past: remembering(ring.past, kids),
  };
}
