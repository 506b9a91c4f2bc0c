import { randomId } from '../runtime/random.ts';
import { StateUnavailable } from '../storage/state.ts';
import { RingBroken } from './faults.ts';
import type { RingCopies } from './ring-copies.ts';
import { tellGenerated, type Workshop } from './ring-keeper.ts';
import { ringKey, type StoredRing } from './ring-store.ts';
import type { Ring } from './ring.ts';
import { newRing } from './schedule.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

const BIRTH_SECONDS = 60;
const RETRY_SECONDS = 1;

/** What a start needs beside the workshop. */
export interface StartOptions extends Workshop {
  readonly copies: RingCopies;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/**
 * Sees to it that every configured algorithm has a ring in state: made new only when neither state nor
 * this node's disk has ever had one. Gives the rings of the disk when state does not answer and they are
 * enough to go on publishing; without them it waits for state.
 *
 * @throws {RingBroken} when a ring is broken or lost; nothing was changed.
 */
export async function startRings(options: StartOptions): Promise<readonly Ring[]> {
  const { algorithms, copies, store, clock, logger, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await startWithState(options);
      return [];
    } catch (error) {
      if (!(error instanceof StateUnavailable)) throw error;
      const rings = await copiedRings(copies, algorithms);
      if (rings) return rings;
      if (attempt === 1) {
        const event = { event: 'key.waiting_for_state', error };
        logger.warn(event, 'the signing keys wait for the state to answer');
      }
    }
    await clock.sleep(RETRY_SECONDS, signal);
    signal.throwIfAborted();
  }

  async function startWithState(start: StartOptions): Promise<void> {
    const found = await store.readAll();
    const problems = await Promise.all(found.map((stored) => problemOf(stored, start)));
    const told = problems.filter((problem) => problem !== undefined);
    if (told.length > 0) throw new RingBroken(told.join('\n'));
    const missing = found.filter(
      ({ kind, algorithm }) => kind === 'absent' && algorithms.includes(algorithm),
    );
    if (missing.length > 0) await giveBirth(start, found, missing);
  }
}

async function copiedRings(
  copies: RingCopies,
  algorithms: readonly KeyAlgorithm[],
): Promise<readonly Ring[] | undefined> {
  const found = await Promise.all(algorithms.map((algorithm) => copies.read(algorithm)));
  const rings = found.flatMap((copy) => (copy.kind === 'ring' ? [copy.ring] : []));
  return rings.length === algorithms.length ? rings : undefined;
}

/** Holds what state has against the last good copy on this disk. */
async function problemOf(
  stored: StoredRing,
  { copies, namespace }: StartOptions,
): Promise<string | undefined> {
  const { algorithm } = stored;
  const path = copies.path(algorithm);
  const where = `the ring of ${algorithm} keys in the state (${ringKey(namespace, algorithm)})`;
  const copy = await copies.read(algorithm);
  if (stored.kind === 'broken') {
    return `${where} cannot be used: ${stored.reason}. No key was made. ${remedy(copy.kind === 'ring' ? path : undefined)}`;
  }
  if (copy.kind === 'ring') {
    const loss = lossOf(stored, copy.ring);
    const anew = stored.kind === 'absent' ? `\nTo begin anew on purpose, remove ${path}.` : '';
    return loss && `${where} ${loss}. No key was made. ${remedy(path)}${anew}`;
  }
  if (copy.kind === 'broken' && stored.kind === 'absent') {
    return `${where} is missing, and its last good copy ${path} cannot be used: ${copy.reason}. No key was made. Restore the file from a backup, or remove it to begin anew.`;
  }
  return undefined;
}

function lossOf(stored: StoredRing, copy: Ring): string | undefined {
  if (stored.kind !== 'ring') return 'is missing, though this node has known one';
  if (stored.ring.birth !== copy.birth) return 'is not the one that this node has known';
  return stored.ring.number < copy.number
    ? `is older (version ${stored.ring.number}) than what this node has known (version ${copy.number})`
    : undefined;
}

function remedy(path: string | undefined): string {
  return path === undefined
    ? 'This node has no good copy: look for one in the folder of another node, and put it back with: latchkey keys restore FILE'
    : `The last good copy is ${path}; put it back with: latchkey keys restore ${path}`;
}

/** The loser of a race between new nodes throws its keys away. */
async function giveBirth(
  shop: StartOptions,
  found: readonly StoredRing[],
  missing: readonly StoredRing[],
): Promise<void> {
  const { make, planFor, clock, store } = shop;
  const made = await Promise.all(missing.map(({ algorithm }) => make(algorithm)));
  for (const [index, stored] of missing.entries()) {
    const key = made[index];
    if (!key) throw new TypeError('a key was made for every ring');
    const { algorithm } = stored;
    const now = clock.now();
    const atOnce = isBirthOfAll(found, now);
    const birth = { algorithm, birth: randomId() };
    const ring = newRing(birth, planFor(algorithm), key, { now, atOnce });
    if (!(await store.swap(stored, ring))) continue;
    const signsFrom = ring.keys[0]?.signsFrom ?? now;
    await tellGenerated(shop, { kid: key.kid, algorithm, signsFrom });
  }
}

/**
 * While the installation itself is new, nobody can have cached a key set that lacks the first keys. The
 * first ring of two is some milliseconds older than the second, or another new node has made it just now.
 */
function isBirthOfAll(found: readonly StoredRing[], now: number): boolean {
  return found.every(
    (stored) =>
      stored.kind === 'absent' ||
      (stored.kind === 'ring' &&
        stored.ring.slots === 1 &&
        (stored.ring.keys[0]?.publishedAt ?? -Infinity) >= now - BIRTH_SECONDS),
  );
}
