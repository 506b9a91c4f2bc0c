import { z } from 'zod';
import type { Flow, Flows } from '../flows/flows.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SignIn } from './sign-in-progress.ts';

const userVerification = z.enum(['required', 'preferred', 'discouraged']);
const kept = z.object({
  challenge: z.string(),
  userVerification,
  /** Where the sign-in stood, and whose it was: at another step, or for somebody else, it is worth nothing. */
  step: z.string(),
  accountId: z.string().optional(),
});

/** What an open page was given to sign. */
export interface AskedPasskey {
  readonly challenge: string;
  readonly userVerification: z.output<typeof userVerification>;
}

/**
 * Challenges of sign-ins, the newest of each. They lie beside the sign-in: a page asks for one by itself, and must not
 * get in the way of a form that is just being taken.
 */
export interface PasskeyChallenges {
  /** False: another request of this browser was faster. */
  put(signIn: SignIn, asked: AskedPasskey): Promise<boolean>;
  /** Once. Undefined: there is none for where the sign-in stands, or another request was faster. */
  take(signIn: SignIn): Promise<AskedPasskey | undefined>;
}

export function createPasskeyChallenges(flows: Flows, clock: Clock): PasskeyChallenges {
  const find = ({ flow }: SignIn): Promise<Flow | undefined> => flows.find('passkey', flow.id);

  return {
    async put(signIn, { challenge, userVerification: verification }) {
      const { id, expiresAt } = signIn.flow;
      const data = { challenge, userVerification: verification, ...placeOf(signIn) };
      const begun = { purpose: 'passkey', id, ttlSeconds: expiresAt - clock.now() } as const;
      const flow = (await find(signIn)) ?? flows.begin(begun);
      return (await flows.change(flow, { data })) !== undefined;
    },
    async take(signIn) {
      const flow = await find(signIn);
      const asked = kept.safeParse(flow?.data).data;
      if (flow === undefined || asked === undefined) return undefined;
      if ((await flows.change(flow, { data: {} })) === undefined) return undefined;
      const { step, accountId } = placeOf(signIn);
      return asked.step === step && asked.accountId === accountId ? asked : undefined;
    },
  };
}

function placeOf({ step, person }: SignIn): {
  readonly step: string;
  readonly accountId?: string;
} {
  return { step: step.kind, ...(person && { accountId: person.account.id }) };
}
