import type { PasskeyChallenge } from '../factors/passkeys.ts';
import { readCredential } from '../factors/read-credential.ts';
import { originOf } from '../http/page.ts';
import { answerScript } from '../http/script-answer.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignIn } from './sign-in-progress.ts';
import { actorOf, personIn, type FormVisit, type StepOptions } from './sign-in-step.ts';
import type { SignInData } from './sign-in-data.ts';

type Asked = NonNullable<SignInData['passkey']>;
type PasskeyMethod = 'passkey' | 'passkey-verified';

/** What became of a passkey. */
export type PasskeyAnswer =
  | {
      readonly kind: 'proven';
      readonly proof: { readonly method: PasskeyMethod; readonly accountId: string };
      /** The sign-in, from which the challenge was taken. */
      readonly signIn: SignIn;
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

/** Each challenge is good once: whoever answers takes it out of the sign-in first. */
export function createPasskeyStep(options: StepOptions): PasskeyStep {
  const { factors, signIns } = options;

  return {
    async challenge({ ctx }, signIn) {
      const begun = await begin(signIn, options);
      if (begun === undefined) {
        answerScript(ctx, undefined);
        return;
      }
      const { challenge, userVerification, isEnrolment } = begun;
      const passkey = { challenge, userVerification, isEnrolment };
      const isKept = await signIns.keep({ ...signIn, data: { ...signIn.data, passkey } });
      answerScript(ctx, isKept && begun.options);
    },
    async answer(visit, signIn) {
      const response = readCredential(visit.form.get('credential'));
      const taken = response === undefined ? undefined : await takeChallenge(signIn, options);
      if (taken === undefined) return REFUSED;
      const { asked, left } = taken;
      const { challenge, userVerification } = asked;
      const answer = { challenge, response };
      if (asked.isEnrolment) {
        const accountId = personIn(left).account.id;
        const actor = actorOf(visit);
        const made = await factors.passkeys.finishEnrolment({ ...answer, accountId, actor });
        return made ? proven('passkey', accountId, left) : REFUSED;
      }
      const outcome = await factors.passkeys.finishCheck({
        ...answer,
        userVerification,
        accountId: left.person?.account.id,
        origin: originOf(visit.ctx),
        clientId: visit.interaction.client.id,
      });
      if (outcome.kind !== 'proven') return outcome;
      const method = outcome.userVerified ? 'passkey-verified' : 'passkey';
      return proven(method, outcome.accountId, left);
    },
  };
}

async function begin(
  signIn: SignIn,
  { factors }: StepOptions,
): Promise<(PasskeyChallenge & Omit<Asked, 'challenge'>) | undefined> {
  const { kind } = signIn.step;
  if (kind === 'enrol') {
    const asked = await factors.passkeys.beginEnrolment(personIn(signIn).account.id);
    return asked && { ...asked, isEnrolment: true, userVerification: 'preferred' };
  }
  if (kind !== 'identify' && kind !== 'second-factor') return undefined;
  const userVerification = verificationFor(signIn);
  const accountId = signIn.person?.account.id;
  const asked = await factors.passkeys.beginCheck({ accountId, userVerification });
  return { ...asked, isEnrolment: false, userVerification };
}

/** Undefined: there is none, or another request was faster. */
async function takeChallenge(
  signIn: SignIn,
  { signIns }: StepOptions,
): Promise<{ readonly asked: Asked; readonly left: SignIn } | undefined> {
  const { passkey: asked, ...data } = signIn.data;
  if (asked === undefined) return undefined;
  const left = await signIns.keep({ ...signIn, data });
  return left && { asked, left };
}

/** Beside a password to have one is enough; in the place of everything else it must be the person's, too. */
function verificationFor({ flow }: SignIn): Asked['userVerification'] {
  const isAdding = flow.proofs.length > 0;
  const isByPassword = flow.proofs.some(({ method }) => method === 'password');
  return isAdding && !isByPassword ? 'required' : 'preferred';
}

function proven(method: PasskeyMethod, accountId: string, signIn: SignIn): PasskeyAnswer {
  return { kind: 'proven', proof: { method, accountId }, signIn };
}
