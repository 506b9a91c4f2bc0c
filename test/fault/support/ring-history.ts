import { join } from 'node:path';
import type { z } from 'zod';
import { randomId } from '../../../src/runtime/random.ts';
import { signingKeysConfig } from '../../../src/signing-keys/config.ts';
import { createKeyMaker, type KeyMaker } from '../../../src/signing-keys/key-material.ts';
import { openSealer } from '../../../src/signing-keys/master-key.ts';
import { plansOf } from '../../../src/signing-keys/promises.ts';
import { createRingStore } from '../../../src/signing-keys/ring-store.ts';
import type { NewKey, Plan, Ring } from '../../../src/signing-keys/ring.ts';
import { dueKey, newRing, withKey } from '../../../src/signing-keys/schedule.ts';
import type { KeyAlgorithm } from '../../../src/signing-keys/signing-keys.ts';
import type { State } from '../../../src/storage/state.ts';

const NAMESPACE = 'main';

/**
 * Lays rings into `state` that have been turning for a while: what a node would have made of them by now, by the
 * same schedule, without the wait. The nodes come later, and go on.
 */
export async function layRings(
  state: State,
  folder: string,
  section: z.input<typeof signingKeysConfig>,
): Promise<void> {
  const settings = signingKeysConfig.parse({ ...section, folder: join(folder, 'keys') });
  const sealer = await openSealer(settings);
  const store = createRingStore({ state, namespace: NAMESPACE, sealer });
  const plan = plansOf(settings)('ES256');
  const make = createKeyMaker(NAMESPACE, sealer);
  const keys = await Promise.all(
    settings.algorithms.map((algorithm) => makeKeys(make, algorithm, plan)),
  );
  const now = Math.floor(Date.now() / 1000);
  for (const stored of await store.readAll()) {
    const made = keys[settings.algorithms.findIndex((name) => name === stored.algorithm)];
    if (made && !(await store.swap(stored, turning(stored.algorithm, plan, { made, now })))) {
      throw new Error('the state is not as new as it should be');
    }
  }
}

/** So long that the second key has begun to sign. */
function ageSeconds(plan: Plan): number {
  return plan.publishAheadSeconds + plan.signForSeconds;
}

function makeKeys(make: KeyMaker, algorithm: KeyAlgorithm, plan: Plan): Promise<readonly NewKey[]> {
  const count = 2 + Math.ceil(ageSeconds(plan) / plan.signForSeconds);
  return Promise.all(Array.from({ length: count }, () => make(algorithm)));
}

function turning(
  algorithm: KeyAlgorithm,
  plan: Plan,
  { made, now }: { readonly made: readonly NewKey[]; readonly now: number },
): Ring {
  const [first, ...others] = made;
  if (!first) throw new TypeError('keys were made');
  const since = now - ageSeconds(plan);
  let ring = newRing({ algorithm, birth: randomId() }, plan, first, { now: since, atOnce: true });
  for (let at = since; at <= now; at += 1) {
    const due = dueKey(ring, plan, at);
    const key = others[ring.keys.length - 1];
    if (due && key) ring = withKey(ring, plan, key, due);
  }
  return ring;
}
