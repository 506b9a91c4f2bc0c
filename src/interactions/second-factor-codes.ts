import type { FactorOutcome } from '../factors/factors.ts';
import type { SecondFactor } from '../flows/requirement.ts';
import type { Visit } from './interaction-routes.ts';
import type { EmailFactor } from './reception.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  NO_PROBLEM,
  personIn,
  throttled,
  UNSENT,
  type Refused,
  type StepOptions,
} from './sign-in-step.ts';

/** Codes that are sent as a second factor, where the issuer takes them. */
export interface SecondFactorCodes {
  /** The first look at the page for a code sends the letter; looking again does not. */
  begin(visit: Visit, signIn: SignIn, method: SecondFactor): Promise<Refused>;
  send(visit: Visit, signIn: SignIn): Promise<Refused>;
  mediumOf(visit: Visit, signIn: SignIn): Promise<'email' | 'phone'>;
  check(visit: Visit, shown: Parameters<EmailFactor['check']>[1]): Promise<FactorOutcome>;
}

/** By the issuer's own letters. */
export function createSecondFactorCodes({
  reception,
  signIns,
}: Pick<StepOptions, 'reception' | 'signIns'>): SecondFactorCodes {
  function factor(): EmailFactor {
    if (reception === undefined) throw new TypeError('a second factor that nobody takes');
    return reception.emailFactor;
  }

  async function send(visit: Visit, signIn: SignIn): Promise<Refused> {
    const sent = await factor().send(visit, personIn(signIn).account.id);
    switch (sent.kind) {
      case 'sent':
        return NO_PROBLEM;
      case 'unsent':
        return UNSENT;
      case 'throttled':
        return throttled(visit, sent.retryAfterSeconds);
    }
  }

  return {
    send,
    mediumOf: async ({ interaction }, signIn) =>
      (await reception?.emailFactor.mediumOf(personIn(signIn).account.id, interaction)) ?? 'email',
    async begin(visit, signIn, method) {
      if (method !== 'email-code' || signIn.data.isCodeSent) return NO_PROBLEM;
      const data = { ...signIn.data, isCodeSent: true };
      // Another look at the same time sends it.
      if ((await signIns.keep({ ...signIn, data })) === undefined) return NO_PROBLEM;
      return await send(visit, signIn);
    },
    check: (visit, shown) => factor().check(visit, shown),
  };
}
