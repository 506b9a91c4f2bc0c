import type { Admits, Interactions } from '../provider/contract.ts';
import { createEmailCodeStep } from './email-code-step.ts';
import { createEnrolStep } from './enrol-step.ts';
import { createIdentifyStep } from './identify-step.ts';
import type { Step, Visit } from './interaction-routes.ts';
import { createNewPasswordStep } from './new-password-step.ts';
import { createPasskeyStep } from './passkey-step.ts';
import { atItsStart, leadAside } from './reception.ts';
import { createRecoveryCodesStep } from './recovery-codes-step.ts';
import { createSecondFactorStep } from './second-factor-step.ts';
import type { Progress, SignIn, TakenBack } from './sign-in-progress.ts';
import { createSignInEnd } from './sign-in-end.ts';
import { createTermsStep } from './terms-step.ts';
import { createVerifyEmailStep } from './verify-email-step.ts';
import { lookAgain, type SignInStep, type StepOptions } from './sign-in-step.ts';

export interface SignInOptions extends Omit<StepOptions, 'goOn' | 'passkeys'> {
  readonly interactions: Interactions;
  readonly admits?: Admits | undefined;
  readonly takenBack: TakenBack;
}

/** Signs somebody in, step by step; and gives open passkey pages what they are to sign. */
export function createSignIn(options: SignInOptions): {
  readonly step: Step;
  readonly challenge: Step;
} {
  const { signIns, takenBack } = options;
  const end = createSignInEnd(options);

  async function goOn(visit: Visit, signIn: SignIn, progress: Progress): Promise<void> {
    // Before the account is read: what is taken back from now on takes these proofs along.
    const mark = takenBack.mark();
    const data = { ...progress.data, mark };
    if (!(await isAdmitted(visit, progress))) {
      await turnAway(visit, progress);
      return;
    }
    const next = await signIns.advance(visit, signIn, { ...progress, data });
    if (next.step.kind === 'done') {
      await end.arrive(visit, next);
      return;
    }
    // Lost to another request of this browser: the page shows where that one led.
    await signIns.keep(next);
    lookAgain(visit);
  }

  /** Whoever is not let in, and has nowhere else to go first, is told no more than a stranger. */
  async function turnAway(visit: Visit, { proof }: Progress): Promise<void> {
    options.metrics.signIn('refused');
    if (proof !== undefined && (await leadAside(visit, proof, options.reception))) return;
    await identify.refuse(visit);
  }

  async function isAdmitted({ interaction }: Visit, { proof }: Progress): Promise<boolean> {
    if (proof === undefined || options.admits === undefined) return true;
    return options.admits({ accountId: proof.accountId, clientId: interaction.client.id });
  }

  const parts = { ...options, goOn };
  const passkeys = createPasskeyStep(parts);
  const identify = createIdentifyStep({ ...parts, passkeys });
  const steps: Readonly<Record<Exclude<SignIn['step']['kind'], 'done'>, SignInStep>> = {
    identify: atItsStart(identify, options.reception),
    'email-code': createEmailCodeStep(parts),
    'second-factor': createSecondFactorStep({ ...parts, passkeys }),
    enrol: createEnrolStep({ ...parts, passkeys }),
    'recovery-codes': createRecoveryCodesStep(parts),
    'new-password': createNewPasswordStep(parts),
    'verify-email': createVerifyEmailStep(parts),
    terms: createTermsStep(parts),
  };

  return {
    async step(visit) {
      const signIn = await signIns.find(visit);
      const { kind } = signIn.step;
      const action = visit.form?.get('action');
      if (action === 'cancel') await end.refuse(visit, signIn);
      else if (action === 'restart') {
        await signIns.restart(signIn);
        lookAgain(visit);
      } else if (kind === 'done') await end.decide(visit, signIn);
      else if (visit.form === undefined) await steps[kind].show(visit, signIn);
      else await steps[kind].take({ ...visit, form: visit.form }, signIn);
    },
    challenge: async (visit) => passkeys.challenge(visit, await signIns.find(visit)),
  };
}
