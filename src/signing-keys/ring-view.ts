import type { Logger } from '../runtime/logger.ts';
import { CONNECTED_SECONDS } from './promises.ts';
import type { RingStore, StoredRing } from './ring-store.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** A ring that was read and believed, with the version that a swap must still find. */
export type KnownRing = StoredRing & { readonly kind: 'ring' };

/** The rings as this node knows them. What it has once believed it keeps until it has read something newer. */
export interface RingView {
  known(algorithm: KeyAlgorithm): KnownRing | undefined;
  /** Every known ring, in the order of key sets. */
  rings(): readonly Ring[];
  /**
   * Reads all rings again; callers at one time share one reading.
   *
   * @throws {StateUnavailable} when state does not answer; what was known stays known.
   */
  refresh(): Promise<void>;
  /** Seconds since the last reading began that found every ring as it must be. */
  secondsSinceRead(): number;
  /** What is wrong with the rings in state, in words. */
  problems(): readonly string[];
}

/** What a reading says of one ring: nothing new, something newer, or that the state has lost or broken it. */
type Finding =
  | { readonly kind: 'same' }
  | { readonly kind: 'news'; readonly stored: KnownRing }
  | { readonly kind: 'lost'; readonly stored: StoredRing; readonly problem: string }
  | { readonly kind: 'wrong'; readonly problem: string };

/**
 * A view that calls `onNews` after every reading that found a newer ring. A ring that state has lost or set
 * back is put back by a node that had read it within the last seconds: no key is invented by that.
 * `copies`: what a node that starts without state has on its disk.
 */
export function createRingView(options: {
  readonly store: RingStore;
  readonly elapsedMs: () => number;
  readonly logger: Logger;
  readonly onNews: (rings: readonly Ring[]) => void;
  readonly copies?: readonly Ring[] | undefined;
}): RingView {
  const { store, elapsedMs, logger, onNews, copies = [] } = options;
  const known = new Map<KeyAlgorithm, KnownRing>(
    copies.map((ring) => [
      ring.algorithm,
      { kind: 'ring', algorithm: ring.algorithm, ring, version: undefined },
    ]),
  );
  let problems: readonly string[] = [];
  let readAtMs = -Infinity;
  let reading: Promise<void> | undefined;
  let rings = ringsOf(known);

  const secondsSinceRead = (): number => (elapsedMs() - readAtMs) / 1000;

  async function read(): Promise<void> {
    // The answer is as old as the question: the process may be stopped between the two.
    const askedAtMs = elapsedMs();
    const found = await store.readAll();
    const findings = found.map((stored) => judge(stored, known.get(stored.algorithm)));
    const news = findings.flatMap((finding) => (finding.kind === 'news' ? [finding.stored] : []));
    for (const stored of news) known.set(stored.ring.algorithm, stored);
    if (news.length > 0) rings = ringsOf(known);
    if (news.length > 0) onNews(news.map(({ ring }) => ring));
    problems = await unhealed(findings);
    if (problems.length === 0) readAtMs = askedAtMs;
  }

  async function unhealed(findings: readonly Finding[]): Promise<readonly string[]> {
    const left: string[] = [];
    for (const finding of findings) {
      if (finding.kind === 'wrong') left.push(finding.problem);
      if (finding.kind === 'lost' && !(await putBack(finding.stored))) left.push(finding.problem);
    }
    return left;
  }

  async function putBack(stored: StoredRing): Promise<boolean> {
    const mine = known.get(stored.algorithm);
    if (!mine || secondsSinceRead() > CONNECTED_SECONDS) return false;
    if (!(await store.swap(stored, mine.ring))) return false;
    const { algorithm, number } = mine.ring;
    logger.warn(
      { event: 'key.ring_put_back', algorithm, number },
      'the state had lost the newest version of a ring; this node put it back',
    );
    return true;
  }

  return {
    known: (algorithm) => known.get(algorithm),
    rings: () => rings,
    refresh: () => (reading ??= read().finally(() => (reading = undefined))),
    secondsSinceRead,
    problems: () => problems,
  };
}

function ringsOf(known: ReadonlyMap<KeyAlgorithm, KnownRing>): readonly Ring[] {
  return RING_ALGORITHMS.flatMap((algorithm) => known.get(algorithm)?.ring ?? []);
}

function judge(stored: StoredRing, mine: KnownRing | undefined): Finding {
  const { algorithm } = stored;
  switch (stored.kind) {
    case 'absent':
      return mine
        ? { kind: 'lost', stored, problem: `the state has lost the ring ${algorithm}` }
        : { kind: 'same' };
    case 'broken':
      return {
        kind: 'wrong',
        problem: `the ring ${algorithm} in the state cannot be used: ${stored.reason}`,
      };
    case 'ring':
      return mine ? compare(stored, mine) : { kind: 'news', stored };
  }
}

function compare(stored: KnownRing, mine: KnownRing): Finding {
  const { algorithm } = stored;
  if (stored.version === mine.version) return { kind: 'same' };
  if (stored.ring.birth !== mine.ring.birth) {
    return { kind: 'wrong', problem: `the ring ${algorithm} in the state was replaced by another` };
  }
  if (stored.ring.number >= mine.ring.number) return { kind: 'news', stored };
  const problem = `the state has gone back to an older version of the ring ${algorithm}`;
  return { kind: 'lost', stored, problem };
}
