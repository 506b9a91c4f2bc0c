import type { Audit } from '../audit/audit.ts';
import { originOf } from '../http/page.ts';
import type { Metrics } from '../http/metrics.ts';
import { amrOf } from '../flows/proofs.ts';
import { InteractionExpired, type Interactions } from '../provider/contract.ts';
import { createEmailCodeStep } from './email-code-step.ts';
import { createEnrolStep } from './enrol-step.ts';
import { createIdentifyStep } from './identify-step.ts';
import type { Step, Visit } from './interaction-routes.ts';
import { createNewPasswordStep } from './new-password-step.ts';
import { createPasskeyStep } from './passkey-step.ts';
import { createSecondFactorStep } from './second-factor-step.ts';
import type { Progress, SignIn, SignIns } from './sign-in-progress.ts';
import { createVerifyEmailStep } from './verify-email-step.ts';
import type { SignInStep, StepOptions } from './sign-in-step.ts';

/** A known browser stands in for the second factor (RFC 8176, risk-based authentication). */
const SPARED = 'rba';

export interface SignInOptions extends Omit<StepOptions, 'goOn' | 'passkeys'> {
  readonly interactions: Interactions;
  readonly signIns: SignIns;
  readonly metrics: Pick<Metrics, 'signIn'>;
  readonly audit: Audit;
}

/** Signs somebody in, step by step; and gives open passkey pages what they are to sign. */
export function createSignIn(options: SignInOptions): {
  readonly step: Step;
  readonly challenge: Step;
} {
  const { interactions, signIns, metrics, audit } = options;

  async function conclude({ ctx, interaction }: Visit, signIn: SignIn): Promise<void> {
    const { person, data, flow } = signIn;
    if (person === undefined) throw new TypeError('a sign-in of nobody');
    if (!(await signIns.end(signIn))) throw new InteractionExpired('it was finished already');
    const accountId = person.account.id;
    const amr = [...amrOf(flow.proofs), ...(data.isDeviceKnown ? [SPARED] : [])];
    const clientId = interaction.client.id;
    await audit.record({
      type: 'sign_in.succeeded',
      accountId,
      clientId,
      origin: originOf(ctx),
      amr,
    });
    metrics.signIn('verified');
    const { remember } = data;
    await interactions.finish(ctx, interaction.uid, {
      kind: 'signed-in',
      accountId,
      amr,
      remember,
    });
  }

  async function goOn(visit: Visit, signIn: SignIn, progress: Progress): Promise<void> {
    const next = await signIns.advance(visit, signIn, progress);
    if (next.step.kind === 'done') {
      await conclude(visit, next);
      return;
    }
    // Lost to another request of this browser: the page shows where that one led.
    await signIns.keep(next);
    lookAgain(visit);
  }

  const parts = { ...options, goOn };
  const passkeys = createPasskeyStep(parts);
  const steps: Readonly<Record<Exclude<SignIn['step']['kind'], 'done'>, SignInStep>> = {
    identify: createIdentifyStep({ ...parts, passkeys }),
    'email-code': createEmailCodeStep(parts),
    'second-factor': createSecondFactorStep({ ...parts, passkeys }),
    enrol: createEnrolStep({ ...parts, passkeys }),
    'new-password': createNewPasswordStep(parts),
    'verify-email': createVerifyEmailStep(parts),
  };

  return {
    async step(visit) {
      const signIn = await signIns.find(visit);
      const { kind } = signIn.step;
      if (visit.form?.get('action') === 'restart') {
        await signIns.restart(signIn);
        lookAgain(visit);
      } else if (kind === 'done') await conclude(visit, signIn);
      else if (visit.form === undefined) await steps[kind].show(visit, signIn);
      else await steps[kind].take({ ...visit, form: visit.form }, signIn);
    },
    challenge: async (visit) => passkeys.challenge(visit, await signIns.find(visit)),
  };
}

/** Shows the step that the sign-in has come to, at the address where it is. */
function lookAgain({ ctx }: Visit): void {
  ctx.status = 303;
  ctx.redirect(ctx.path);
}
