import { amrOf } from '../flows/proofs.ts';
import { InteractionExpired, type Interactions } from '../provider/contract.ts';
import { createConsentStep } from './consent-step.ts';
import type { Visit } from './interaction-routes.ts';
import { OF_THE_SESSION, type SignIn, type TakenBack } from './sign-in-progress.ts';
import { lookAgain, personIn, type StepOptions } from './sign-in-step.ts';

/** A known browser stands in for the second factor (RFC 8176, risk-based authentication). */
const SPARED = 'rba';

/** Where everything is proven. */
export interface SignInEnd {
  /** Just now: lets them in, unless the client's consent is to be asked for first. */
  arrive(visit: Visit, signIn: SignIn): Promise<void>;
  /** Before: the page of consent, or its form. */
  decide(visit: Visit, signIn: SignIn): Promise<void>;
  /** At any step. Nobody is signed in by that: as far as this browser goes, nothing happened. */
  refuse(visit: Visit, signIn: SignIn): Promise<void>;
}

interface SignInEndOptions extends Pick<StepOptions, 'signIns' | 'show' | 'metrics'> {
  readonly interactions: Interactions;
  readonly takenBack: TakenBack;
}

/** Tells the engine who signed in, with what they allow or without. */
export function createSignInEnd(options: SignInEndOptions): SignInEnd {
  const { interactions, signIns, takenBack } = options;
  const consent = createConsentStep(options);
  const conclude = createConclude(options);

  return {
    async arrive(visit, signIn) {
      const asked = await consent.asked(visit, signIn);
      if (asked === undefined) {
        await conclude(visit, signIn, false);
        return;
      }
      const kept = await signIns.keep(signIn);
      if (kept === undefined) lookAgain(visit);
      else await consent.show(visit, kept, asked);
    },
    async decide(visit, signIn) {
      const asked = await consent.asked(visit, signIn);
      if (asked === undefined) await conclude(visit, signIn, false);
      else if (consent.isAllowed(visit, signIn, asked)) await conclude(visit, signIn, true);
      else {
        // Proven elsewhere, as by whoever has just joined.
        const { mark = takenBack.mark() } = signIn.data;
        if (signIn.data.mark === undefined)
          await signIns.keep({ ...signIn, data: { ...signIn.data, mark } });
        await consent.show(visit, signIn, asked);
      }
    },
    async refuse({ ctx, interaction }, signIn) {
      const accountId = signIn.step.kind === 'done' ? signIn.person?.account.id : undefined;
      await interactions.finish(ctx, interaction.uid, { kind: 'refused', accountId });
    },
  };
}

function createConclude({
  interactions,
  signIns,
  metrics,
}: SignInEndOptions): (visit: Visit, signIn: SignIn, consented: boolean) => Promise<void> {
  return async ({ ctx, interaction }, signIn, consented) => {
    const { data, flow } = signIn;
    const provenAt = Math.max(...flow.proofs.map(({ at }) => at));
    const accountId = personIn(signIn).account.id;
    if (!(await signIns.end(signIn))) throw new InteractionExpired('it was finished already');
    metrics.signIn('verified');
    await interactions.finish(ctx, interaction.uid, {
      kind: 'signed-in',
      accountId,
      amr: [...amrOf(flow.proofs), ...(data.isDeviceKnown ? [SPARED] : [])],
      remember: data.remember,
      // Who only came by, in a browser that is remembered, has not signed in anew.
      authTime: provenAt === OF_THE_SESSION ? undefined : provenAt,
      consented,
    });
  };
}
