import type { Account } from '../accounts/accounts.ts';
import { languagesOf, originOf } from '../http/page.ts';
import { pageUrl } from '../http/page-url.ts';
import { clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  actorOf,
  INCOMPLETE,
  NO_PROBLEM,
  personIn,
  throttled,
  WRONG,
  type FormVisit,
  type Refused,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

const MINUTE = 60;

/** Shows that the e-mail address of the account is theirs, where nobody goes on before that. */
export function createVerifyEmailStep(options: StepOptions): SignInStep {
  const { accounts, factors, signIns, goOn } = options;

  /** The first look sends the letter; looking again does not. */
  async function begin(visit: Visit, signIn: SignIn): Promise<Refused> {
    const { account } = personIn(signIn);
    if (signIn.data.verifying === account.email) return NO_PROBLEM;
    const data = { ...signIn.data, verifying: account.email };
    // Another look at the same time sends it.
    if ((await signIns.keep({ ...signIn, data })) === undefined) return NO_PROBLEM;
    return await send(visit, account, options);
  }

  async function check(visit: FormVisit, account: Account): Promise<Refused> {
    const code = (visit.form.get('code') ?? '').replaceAll(/\s/gu, '');
    if (code === '') return INCOMPLETE;
    const { interaction, ctx } = visit;
    const outcome = await factors.emailCodes.check({
      flowId: interaction.uid,
      accountId: account.id,
      code,
      origin: originOf(ctx),
      clientId: interaction.client.id,
    });
    if (outcome.kind === 'throttled') return throttled(visit, outcome.retryAfterSeconds);
    return outcome.kind === 'proven' ? NO_PROBLEM : WRONG;
  }

  async function showAgain(visit: Visit, account: Account, refused: Refused): Promise<void> {
    const { ctx, interaction, csrf } = visit;
    const client = clientCard(interaction.client);
    const { problem, status } = refused;
    const page = { client, email: addressOf(account), problem, csrf };
    const manner = { status, uiLocales: interaction.uiLocales, image: client.logoUri };
    await options.show(ctx, 'verify-email', page, manner);
  }

  return {
    async show(visit, signIn) {
      await showAgain(visit, personIn(signIn).account, await begin(visit, signIn));
    },
    async take(visit, signIn) {
      const { account } = personIn(signIn);
      const { verifying } = signIn.data;
      const isAgain = visit.form.get('action') === 'again' || verifying === undefined;
      const refused = isAgain ? await send(visit, account, options) : await check(visit, account);
      if (isAgain || refused.problem.kind !== 'none') {
        await showAgain(visit, account, refused);
        return;
      }
      // The address that the letter went to: one that was set meanwhile is to be verified next.
      await accounts.verifyEmail(account.id, verifying, actorOf(visit));
      await goOn(visit, signIn, { data: { verifying: undefined } });
    },
  };
}

async function send(
  visit: Visit,
  account: Account,
  { factors, mail, issuer }: StepOptions,
): Promise<Refused> {
  const { ctx, interaction } = visit;
  const { uid, uiLocales } = interaction;
  const ask = { flowId: uid, accountId: account.id, origin: originOf(ctx) };
  const issued = await factors.emailCodes.issue(ask);
  if (issued.kind === 'throttled') return throttled(visit, issued.retryAfterSeconds);
  const { code, linkToken, lifetimeSeconds } = issued;
  const url = pageUrl(issuer, `/sign-in-code/${linkToken}`);
  await mail.send({
    to: addressOf(account),
    name: 'verify-email',
    data: { code, url, minutes: Math.round(lifetimeSeconds / MINUTE) },
    languages: languagesOf(ctx, uiLocales),
  });
  return NO_PROBLEM;
}

function addressOf({ email }: Account): string {
  if (email === undefined) throw new TypeError('an address to verify that is not there');
  return email;
}
