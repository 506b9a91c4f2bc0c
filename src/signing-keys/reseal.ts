import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { KeyOrderRefused } from './faults.ts';
import { sealContext } from './key-material.ts';
import { createRingCopies } from './ring-copies.ts';
import { createRingEditor, type OrderTools } from './ring-editor.ts';
import type { Ring } from './ring.ts';
import { changed } from './schedule.ts';

const PROBE = 'reseal probe';

/**
 * Seals every ring anew under the first master key of `next`. Gives the number of private keys.
 *
 * @throws {KeyOrderRefused} when not even our own configuration knows that master key: nodes would stop signing.
 */
export async function resealRings(tools: OrderTools, next: Sealer): Promise<number> {
  refuseUnknown(tools.sealer, next);
  const { store, folder, namespace, logger, make, editor, audit, origin } = tools;
  const copies = createRingCopies({ folder, namespace, sealer: next, logger });
  // Opened by the sealer of today, written by the next one.
  const { swap } = store.sealedBy(next);
  const resealing = createRingEditor({ store: { ...store, swap }, copies, make });
  let count = 0;
  for (const { algorithm } of await editor.readAll()) {
    const { result } = await resealing.change(algorithm, (ring) => {
      const resealed = resealedRing(ring, tools, next);
      return { ring: resealed, result: resealed.keys.filter(({ sealed }) => sealed).length };
    });
    count += result;
  }
  logger.info(
    { event: 'key.resealed', keys: count },
    'the signing keys were sealed under another master key',
  );
  await audit.record({ type: 'key.resealed', keys: count, origin });
  return count;
}

function refuseUnknown(known: Sealer, next: Sealer): void {
  try {
    known.open(next.seal(new Uint8Array(), PROBE), PROBE);
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw new KeyOrderRefused(
      'this configuration does not know that master key: name it in otherMasterKeys of every node first, and restart them one after another',
    );
  }
}

function resealedRing(ring: Ring, { namespace, sealer }: OrderTools, next: Sealer): Ring {
  const { algorithm } = ring;
  const keys = ring.keys.map((key) => {
    if (key.sealed === undefined) return key;
    const context = sealContext({ namespace, algorithm, kid: key.kid });
    const plain = sealer.open(key.sealed, context);
    const sealed = next.seal(plain, context);
    plain.fill(0);
    return { ...key, sealed };
  });
  return changed(ring, { keys });
}
