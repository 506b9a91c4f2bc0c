import { z } from 'zod';
import { handOver } from '../../flows/hand-over.ts';
import type { Flow, Flows } from '../../flows/flows.ts';
import type { ProofMethod } from '../../flows/proofs.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Revocation } from '../../revocation/revocation.ts';

/** What somebody has shown in a request that waits. */
interface Shown {
  readonly method: ProofMethod;
  readonly accountId: string;
}

/**
 * People who come to their sign-in from another page of it, and need not show there what they have just shown. Only for
 * requests of the interaction's own browser, as its cookie says: each counts in that interaction alone.
 */
export interface Arrivals {
  /** They showed this on the way to the page for the code of a sign-up. */
  remember(uid: string, shown: Shown): Promise<void>;
  /** That code was right: once, the sign-in goes on from what this very person showed; else they sign in by themselves. */
  confirmed(uid: string, accountId: string): Promise<void>;
  /** The sign-in goes on from this. */
  arrive(uid: string, shown: Shown): Promise<void>;
}

/** For a letter to be read, and then for whatever else the sign-in asks. */
const LIFE_SECONDS = 900;

const remembered = z.strictObject({
  method: z.enum(['password', 'passkey', 'passkey-verified', 'email-code']),
  accountId: z.string(),
  mark: z.string(),
});

/** Over flows: what each node keeps any other finds. */
export function createArrivals(house: {
  readonly flows: Flows;
  readonly clock: Clock;
  readonly revocation: Pick<Revocation, 'stamp'>;
}): Arrivals {
  const { flows, clock, revocation } = house;
  const begin = (uid: string): Flow =>
    flows.begin({ purpose: 'register', id: uid, ttlSeconds: LIFE_SECONDS });

  async function arrive(uid: string, { method, accountId }: Shown, mark: string): Promise<void> {
    const proof = { method, accountId, at: clock.now() };
    await handOver(flows, begin(uid), proof, { mark });
  }

  return {
    async remember(uid, { method, accountId }) {
      const known = await flows.find('register', uid);
      const data = { method, accountId, mark: revocation.stamp() };
      // Lost to another request of this browser: the person signs in by themselves, then.
      await flows.change({ ...begin(uid), version: known?.version }, { data });
    },
    async confirmed(uid, accountId) {
      const flow = await flows.find('register', uid);
      const read = remembered.safeParse(flow?.data);
      if (flow === undefined || !read.success || read.data.accountId !== accountId) return;
      if (await flows.end(flow)) await arrive(uid, read.data, read.data.mark);
    },
    arrive: (uid, shown) => arrive(uid, shown, revocation.stamp()),
  };
}
