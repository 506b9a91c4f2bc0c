import { KeyOrderRefused } from './faults.ts';
import { readRingFile, type FoundRing } from './ring-copies.ts';
import type { OrderTools } from './ring-editor.ts';
import type { StoredRing } from './ring-store.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** A ring that was put back. */
export interface RestoredRing {
  readonly algorithm: KeyAlgorithm;
  /** The version that stands in state again. */
  readonly number: number;
  readonly keys: number;
}

/**
 * Puts the ring in `file` back into state.
 *
 * @throws {KeyOrderRefused} when the file is no copy of ours, or state has something as good or better.
 */
export async function restoreRing(
  tools: OrderTools,
  file: string,
  replace: boolean,
): Promise<RestoredRing> {
  const { store, copies, logger, audit, origin } = tools;
  const ring = await readCopy(tools, file);
  const { algorithm, number } = ring;
  const stored = (await store.readAll()).find((found) => found.algorithm === algorithm);
  if (!stored) throw new TypeError(`the store knows ${algorithm}`);
  const objection = objectionTo(ring, stored, replace);
  if (objection !== undefined) throw new KeyOrderRefused(objection);
  if (!(await store.swap(stored, ring, { essential: true })))
    throw new KeyOrderRefused(
      'the state was changed meanwhile: look again with latchkey keys list',
    );
  await copies.write(ring);
  logger.warn({ event: 'key.ring_restored', algorithm, number }, 'a ring was restored from a copy');
  await audit.record({ type: 'key.restored', algorithm, version: number, origin });
  return { algorithm, number, keys: ring.keys.length };
}

async function readCopy({ namespace, sealer }: OrderTools, file: string): Promise<Ring> {
  const found: FoundRing[] = [];
  for (const algorithm of RING_ALGORITHMS) {
    const copy = await readRingFile(file, { namespace, algorithm }, sealer);
    if (copy.kind === 'ring') return copy.ring;
    found.push(copy);
  }
  const broken = found.find((copy) => copy.kind === 'broken');
  throw new KeyOrderRefused(
    broken ? `${file} cannot be used: ${broken.reason}` : `there is no file ${file}`,
  );
}

function objectionTo(copy: Ring, stored: StoredRing, replace: boolean): string | undefined {
  if (stored.kind !== 'ring') return undefined;
  const { birth, number } = stored.ring;
  if (birth === copy.birth) {
    return number >= copy.number
      ? `the state has version ${number} of this ring, the file version ${copy.number}: nothing to restore`
      : undefined;
  }
  return replace
    ? undefined
    : `the state has another ring of ${copy.algorithm} keys, which nodes sign with: what it signed is refused once it is replaced. Repeat with --replace if that is what you want`;
}
