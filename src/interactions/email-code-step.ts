import { sha256 } from '../runtime/digest.ts';
import { languagesOf, originOf } from '../http/page.ts';
import { pageUrl } from '../http/page-url.ts';
import { clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignInData } from './sign-in-data.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  INCOMPLETE,
  NO_PROBLEM,
  throttled,
  WRONG,
  type FormVisit,
  type Refused,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

const MINUTE = 60;

type Sent =
  | { readonly kind: 'sent'; readonly to: NonNullable<SignInData['email']> }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

/** Types the code that was sent. Whoever is nobody, or has no verified address, sees the same page and waits. */
export function createEmailCodeStep(options: StepOptions): SignInStep {
  const { factors, goOn, metrics } = options;

  async function check(
    visit: FormVisit,
    signIn: SignIn,
    to: Sent & { kind: 'sent' },
  ): Promise<void> {
    const code = (visit.form.get('code') ?? '').replaceAll(/\s/g, '');
    if (code === '') {
      await showAgain(visit, signIn, INCOMPLETE);
      return;
    }
    const { accountId } = to.to;
    const outcome = await factors.emailCodes.check({
      flowId: visit.interaction.uid,
      accountId,
      code,
      origin: originOf(visit.ctx),
      clientId: visit.interaction.client.id,
    });
    if (outcome.kind === 'proven') {
      const proof = { method: 'email-code', accountId } as const;
      await goOn(visit, signIn, { proof, data: { email: undefined } });
      return;
    }
    metrics.signIn(outcome.kind);
    const refused =
      outcome.kind === 'throttled' ? throttled(visit, outcome.retryAfterSeconds) : WRONG;
    await showAgain(visit, signIn, refused);
  }

  async function sendAgain(visit: FormVisit, signIn: SignIn, login: string): Promise<void> {
    const sent = await sendEmailCode(visit, login, options);
    if (sent.kind === 'sent') await goOn(visit, signIn, { data: { email: sent.to } });
    else await showAgain(visit, signIn, throttled(visit, sent.retryAfterSeconds));
  }

  async function showAgain(visit: Visit, { data }: SignIn, refused: Refused): Promise<void> {
    const { ctx, interaction, csrf } = visit;
    const { problem, status } = refused;
    const page = {
      client: clientCard(interaction.client),
      login: data.email?.login ?? '',
      problem,
      csrf,
    };
    const { uiLocales } = interaction;
    await options.show(ctx, 'email-code', page, { status, uiLocales, image: page.client.logoUri });
  }

  return {
    show: (visit, signIn) => showAgain(visit, signIn, NO_PROBLEM),
    async take(visit, signIn) {
      const { email } = signIn.data;
      if (email === undefined) throw new TypeError('a code that was not sent');
      const action = visit.form.get('action');
      if (action === 'again') await sendAgain(visit, signIn, email.login);
      else if (action === 'other') await goOn(visit, signIn, { data: { email: undefined } });
      else await check(visit, signIn, { kind: 'sent', to: email });
    },
  };
}

/** Sends a code to whoever `login` is, or does as much for nobody. */
export async function sendEmailCode(
  visit: Visit,
  login: string,
  { accounts, factors, mail, issuer, logger }: StepOptions,
): Promise<Sent> {
  const { ctx, interaction } = visit;
  const account = await accounts.findByLogin(login);
  const has = account?.state === 'active' ? await factors.of(account.id) : undefined;
  const address = has?.verifiedEmail;
  // Of nobody, but always of the same nobody, so that it is counted like anyone else.
  const accountId = address === undefined ? `nobody:${sha256(login.toLowerCase())}` : account?.id;
  if (accountId === undefined) throw new TypeError('an address without an account');
  const origin = originOf(ctx);
  const issued = await factors.emailCodes.issue({ flowId: interaction.uid, accountId, origin });
  if (issued.kind === 'throttled') return issued;
  if (address !== undefined) {
    const { code, linkToken, lifetimeSeconds } = issued;
    const letter = {
      to: address,
      name: 'sign-in-code',
      data: {
        code,
        url: pageUrl(issuer, `/sign-in-code/${linkToken}`),
        minutes: Math.round(lifetimeSeconds / MINUTE),
        clientName: interaction.client.name,
      },
      languages: languagesOf(ctx, interaction.uiLocales),
    } as const;
    // Not waited for: how long a letter takes would tell that there is somebody to write to.
    mail.send(letter).catch((error: Error) => {
      logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
  }
  return { kind: 'sent', to: { accountId, login } };
}
