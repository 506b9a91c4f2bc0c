import { handOver } from '../flows/hand-over.ts';
import type { ProofMethod } from '../flows/proofs.ts';
import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import { signInPath, type Visit } from './visit.ts';

/**
 * The sign-in goes on with what the new account will be signed in to again. That the address was proven is no factor of
 * theirs, so that whoever needs two is asked for the second like anybody else.
 */
export async function conclude(
  visit: Visit,
  proven: { readonly method: ProofMethod; readonly accountId: string },
  { joinings, flows, clock, cookie }: Room,
): Promise<void> {
  const { ctx, joining } = visit;
  if (await joinings.end(joining))
    await handOver(flows, joining.flow, { ...proven, at: clock.now() });
  if (joining.invited !== undefined) cookie.clear(ctx);
  seeOther(ctx, signInPath(visit));
}
