import { languagesOf } from '../http/page.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { EnrolPage } from './pages.ts';
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
  const { factors, signIns, clock, goOn, passkeys } = options;

  async function showAgain(visit: Visit, signIn: SignIn, how: Refused): Promise<void> {
    const page = pageOf(visit, await withApp(signIn), { ...options, problem: how.problem });
    const { uiLocales } = visit.interaction;
    const manner = { status: how.status, uiLocales, image: page.client.logoUri };
    await options.show(visit.ctx, 'enrol', page, manner);
  }

  async function byApp(visit: FormVisit, signIn: SignIn): Promise<void> {
    const code = (visit.form.get('code') ?? '').replaceAll(/\s/g, '');
    const { totp } = signIn.data;
    if (code === '' || totp === undefined) {
      await showAgain(visit, signIn, INCOMPLETE);
      return;
    }
    const accountId = personIn(signIn).account.id;
    const answer = { accountId, sealed: totp.sealed, code, actor: actorOf(visit) };
    const at = clock.now();
    if (await factors.totp.finishEnrolment(answer)) {
      await tell(visit, signIn, { ...options, what: 'totp-added', at });
      const proof = { method: 'totp', accountId } as const;
      await goOn(visit, signIn, { proof, data: { totp: undefined, ...offer(signIn) } });
    } else await showAgain(visit, signIn, WRONG);
  }

  async function byPasskey(visit: FormVisit, signIn: SignIn): Promise<void> {
    const at = clock.now();
    const answer = await passkeys.answer(visit, signIn);
    if (answer.kind === 'proven') {
      await tell(visit, signIn, { ...options, what: 'passkey-added', at });
      await goOn(visit, signIn, { proof: answer.proof, data: offer(signIn) });
    } else await showAgain(visit, signIn, { problem: { kind: 'passkey' }, status: 401 });
  }

  /** The app's secret stays the same while the page is open, or what was scanned would be worth nothing. */
  async function withApp(signIn: SignIn): Promise<SignIn> {
    if (signIn.data.totp !== undefined) return signIn;
    const totp = await factors.totp.beginEnrolment(personIn(signIn).account.id);
    if (totp === undefined) throw new TypeError('a person who may not enrol');
    const begun = { ...signIn, data: { ...signIn.data, totp } };
    return (await signIns.keep(begun)) ?? begun;
  }

  return {
    show: (visit, signIn) => showAgain(visit, signIn, NO_PROBLEM),
    async take(visit, signIn) {
      if (visit.form.get('action') === 'passkey') await byPasskey(visit, signIn);
      else await byApp(visit, signIn);
    },
  };
}

function pageOf(
  { ctx, interaction, csrf }: Visit,
  signIn: SignIn,
  { factors, settings, problem }: StepOptions & Pick<Refused, 'problem'>,
): EnrolPage {
  const { totp } = signIn.data;
  if (totp === undefined) throw new TypeError('an app that was begun');
  return {
    client: clientCard(interaction.client),
    account: accountCard(personIn(signIn).account),
    qr: totp.qr,
    key: totp.key,
    uri: totp.uri,
    passkey: settings.passkeys && factors.passkeys.available,
    passkeyUrl: `${ctx.path}/passkey`,
    problem,
    csrf,
  };
}

/** What else they need for the day on which this factor is lost, unless they have it. */
function offer(signIn: SignIn): Pick<SignIn['data'], 'offersCodes'> {
  return { offersCodes: personIn(signIn).has.recoveryCodes === 0 };
}

/** Whoever has only the password could set up a factor of their own: its owner must hear of it. */
function tell(
  visit: Visit,
  signIn: SignIn,
  {
    notices,
    what,
    at,
  }: StepOptions & { readonly what: 'totp-added' | 'passkey-added'; readonly at: number },
): Promise<void> {
  const { account } = personIn(signIn);
  const languages = languagesOf(visit.ctx, visit.interaction.uiLocales);
  return notices.tell({ account, actor: actorOf(visit), at, languages }, what);
}
