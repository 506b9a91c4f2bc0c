import { accountCard, clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { PasskeyStep } from './passkey-step.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  actorOf,
  INCOMPLETE,
  NO_PROBLEM,
  personIn,
  WRONG,
  type FormVisit,
  type Refused,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

/** Sets up the second factor that nobody here may do without. */
export function createEnrolStep(
  options: StepOptions & { readonly passkeys: PasskeyStep },
): SignInStep {
  const { factors, signIns, settings, goOn, passkeys } = options;

  async function byApp(visit: FormVisit, signIn: SignIn): Promise<void> {
    const code = (visit.form.get('code') ?? '').replaceAll(/\s/g, '');
    const { totp } = signIn.data;
    if (code === '' || totp === undefined) {
      await showAgain(visit, signIn, INCOMPLETE);
      return;
    }
    const accountId = personIn(signIn).account.id;
    const answer = { accountId, sealed: totp.sealed, code, actor: actorOf(visit) };
    if (await factors.totp.finishEnrolment(answer)) {
      const proof = { method: 'totp', accountId } as const;
      await goOn(visit, signIn, { proof, data: { totp: undefined } });
    } else await showAgain(visit, signIn, WRONG);
  }

  async function byPasskey(visit: FormVisit, signIn: SignIn): Promise<void> {
    const answer = await passkeys.answer(visit, signIn);
    if (answer.kind === 'proven') await goOn(visit, answer.signIn, { proof: answer.proof });
    else await showAgain(visit, signIn, { problem: { kind: 'passkey' }, status: 401 });
  }

  /** The app's secret stays the same while the page is open, or what was scanned would be worth nothing. */
  async function withApp(signIn: SignIn): Promise<SignIn> {
    if (signIn.data.totp !== undefined) return signIn;
    const totp = await factors.totp.beginEnrolment(personIn(signIn).account.id);
    if (totp === undefined) throw new TypeError('a person who may not enrol');
    const begun = { ...signIn, data: { ...signIn.data, totp } };
    return (await signIns.keep(begun)) ?? begun;
  }

  async function showAgain(visit: Visit, signIn: SignIn, how: Refused): Promise<void> {
    const { ctx, interaction, csrf } = visit;
    const { problem, status } = how;
    const begun = await withApp(signIn);
    const { totp } = begun.data;
    if (totp === undefined) throw new TypeError('an app that was begun');
    const client = clientCard(interaction.client);
    const page = {
      client,
      account: accountCard(personIn(signIn).account),
      qr: totp.qr,
      key: totp.key,
      uri: totp.uri,
      passkey: settings.passkeys && factors.passkeys.available,
      passkeyUrl: `${ctx.path}/passkey`,
      problem,
      csrf,
    };
    const { uiLocales } = interaction;
    await options.show(ctx, 'enrol', page, { status, uiLocales, image: client.logoUri });
  }

  return {
    show: (visit, signIn) => showAgain(visit, signIn, NO_PROBLEM),
    async take(visit, signIn) {
      if (visit.form.get('action') === 'passkey') await byPasskey(visit, signIn);
      else await byApp(visit, signIn);
    },
  };
}
