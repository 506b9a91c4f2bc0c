import type { PasskeyChallenge } from '../factors/passkeys.ts';
import { readCredential } from '../factors/read-credential.ts';
import { originOf } from '../http/page.ts';
import { answerScript } from '../http/script-answer.ts';
import type { Visit } from './interaction-routes.ts';
import { createPasskeyChallenges, type AskedPasskey } from './passkey-challenges.ts';
import type { SignIn } from './sign-in-progress.ts';
import { actorOf, personIn, type FormVisit, type StepOptions } from './sign-in-step.ts';

type PasskeyMethod = 'passkey' | 'passkey-verified';

/** What became of a passkey. */
export type PasskeyAnswer =
  | {
      readonly kind: 'proven';
      readonly proof: { readonly method: PasskeyMethod; readonly accountId: string };
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

/** Passkeys, wherever a sign-in has come to. */
export interface PasskeyStep {
  /** Answers the page's script with what the browser is to sign. */
  challenge(visit: Visit, signIn: SignIn): Promise<void>;
  /** Reads what the browser signed, from the field `credential`. */
  answer(visit: FormVisit, signIn: SignIn): Promise<PasskeyAnswer>;
}

const REFUSED = { kind: 'refused' } as const;

export function createPasskeyStep(options: StepOptions): PasskeyStep {
  const { factors } = options;
  const challenges = createPasskeyChallenges(options.flows, options.clock);

  return {
    async challenge({ ctx }, signIn) {
      const begun = await begin(signIn, options);
      const isKept = begun !== undefined && (await challenges.put(signIn, begun));
      answerScript(ctx, isKept ? begun.options : undefined);
    },
    async answer(visit, signIn) {
      const response = readCredential(visit.form.get('credential'));
      const asked = response === undefined ? undefined : await challenges.take(signIn);
      if (asked === undefined) return REFUSED;
      const { challenge, userVerification } = asked;
      const answer = { challenge, response };
      if (signIn.step.kind === 'enrol') {
        const accountId = personIn(signIn).account.id;
        const actor = actorOf(visit);
        const made = await factors.passkeys.finishEnrolment({ ...answer, accountId, actor });
        return made ? proven('passkey', accountId) : REFUSED;
      }
      const outcome = await factors.passkeys.finishCheck({
        ...answer,
        userVerification,
        accountId: signIn.person?.account.id,
        origin: originOf(visit.ctx),
        clientId: visit.interaction.client.id,
      });
      if (outcome.kind !== 'proven') return outcome;
      return proven(outcome.userVerified ? 'passkey-verified' : 'passkey', outcome.accountId);
    },
  };
}

async function begin(
  signIn: SignIn,
  { factors }: StepOptions,
): Promise<(PasskeyChallenge & AskedPasskey) | undefined> {
  const { kind } = signIn.step;
  if (kind === 'enrol') {
    const asked = await factors.passkeys.beginEnrolment(personIn(signIn).account.id);
    return asked && { ...asked, userVerification: 'preferred' };
  }
  if (kind !== 'identify' && kind !== 'second-factor') return undefined;
  const userVerification = verificationFor(signIn);
  const accountId = signIn.person?.account.id;
  const asked = await factors.passkeys.beginCheck({ accountId, userVerification });
  return { ...asked, userVerification };
}

/** Beside a password to have one is enough; in the place of everything else it must be the person's, too. */
function verificationFor({ flow }: SignIn): AskedPasskey['userVerification'] {
  const isAdding = flow.proofs.length > 0;
  const isByPassword = flow.proofs.some(({ method }) => method === 'password');
  return isAdding && !isByPassword ? 'required' : 'preferred';
}

function proven(method: PasskeyMethod, accountId: string): PasskeyAnswer {
  return { kind: 'proven', proof: { method, accountId } };
}
