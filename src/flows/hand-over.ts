import type { JsonObject } from '../runtime/json.ts';
import type { Flow, Flows } from './flows.ts';
import type { ProofMethod } from './proofs.ts';

/**
 * Lets the sign-in of the same interaction begin with what was proven in `flow`, which must be over: whoever was
 * let into the interaction is then asked for whatever is still missing, like anybody else. What was proven there
 * before counts no more. `data`: what the sign-in is to keep.
 */
export async function handOver(
  flows: Flows,
  flow: Flow,
  proven: { readonly method: ProofMethod; readonly accountId: string; readonly at: number },
  data: JsonObject = {},
): Promise<void> {
  const { id, expiresAt } = flow;
  const known = await flows.find('sign-in', id);
  const signIn =
    known ?? flows.begin({ purpose: 'sign-in', id, ttlSeconds: expiresAt - proven.at });
  // Lost to another request of this browser: the person signs in by themselves, then.
  await flows.change(signIn, { proofs: [proven], data });
}
