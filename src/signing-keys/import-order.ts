import { imported } from './emergency.ts';
import { KeyOrderRefused } from './faults.ts';
import { readPrivateKey } from './import-key.ts';
import { sealKey } from './key-material.ts';
import type { OrderTools } from './ring-editor.ts';
import type { Ring } from './ring.ts';
import type { SigningAlgorithm } from './signing-keys.ts';

/** A key of the operator's that has a place in a ring. */
export interface ImportedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly signsFrom: number;
}

/**
 * Makes a key from outside the next one of its ring.
 *
 * @throws {KeyOrderRefused} when it is unfit, or was in any ring before.
 */
export async function importKey(
  tools: OrderTools,
  material: string,
  algorithm: SigningAlgorithm,
): Promise<ImportedKey> {
  const { editor, sealer, namespace, planFor, clock, logger, audit, origin } = tools;
  const privateKey = await readPrivateKey(material, algorithm);
  const key = sealKey(privateKey, { namespace, algorithm, sealer, source: 'imported' });
  const { kid } = key;
  refuseUsed(await editor.readAll(), kid);
  const { ring } = await editor.change(algorithm, (current) => {
    refuseUsed([current], kid);
    return { ring: imported(current, planFor(algorithm), key, clock.now()), result: undefined };
  });
  const signsFrom = ring.keys.find((other) => other.kid === kid)?.signsFrom ?? Infinity;
  logger.info(
    { event: 'key.published', kid, algorithm, signsFrom },
    'published an imported signing key',
  );
  await audit.record({ type: 'key.imported', kid, algorithm, origin });
  return { kid, algorithm, signsFrom };
}

/** A key that was ever published may be known to others, or revoked: it is not taken twice. */
function refuseUsed(rings: readonly Ring[], kid: string): void {
  const used = rings.some(
    ({ keys, retired, past }) =>
      past.includes(kid) || [...keys, ...retired].some((key) => key.kid === kid),
  );
  if (used) throw new KeyOrderRefused(`the key ${kid} is or was in use already`);
}
