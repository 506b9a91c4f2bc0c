import type { Sealer } from '../runtime/sealing.ts';
import { KeyOrderRefused } from './faults.ts';
import { sealContext } from './key-material.ts';
import { createRingCopies } from './ring-copies.ts';
import { createRingEditor, type OrderTools } from './ring-editor.ts';
import type { Ring } from './ring.ts';
import { changed } from './schedule.ts';

/**
 * Seals every ring anew under the first master key of `next`. Gives the number of private keys.
 *
 * @throws {KeyOrderRefused} when our own configuration does not seal under that master key: nodes might not know
 * it, and would make their next keys under the old one.
 */
export async function resealRings(tools: OrderTools, next: Sealer): Promise<number> {
  if (tools.sealer.keyId !== next.keyId)
    throw new KeyOrderRefused(
      'nodes by this configuration do not seal under that master key yet: add it to otherMasterKeys of every node; then make it their masterKey, with the old one in otherMasterKeys; then repeat this',
    );
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
