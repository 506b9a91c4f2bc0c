import { recoveryCodesFile } from '../factors/recovery-codes-file.ts';
import { languagesOf } from '../http/page.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  actorOf,
  lookAgain,
  personIn,
  type FormVisit,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

/** Offers recovery codes to whoever has just set up their second factor; they may do without. */
export function createRecoveryCodesStep(options: StepOptions): SignInStep {
  const { factors, issuer, goOn } = options;

  async function showAgain(
    { ctx, interaction, csrf }: Visit,
    signIn: SignIn,
    codes: readonly string[],
  ): Promise<void> {
    const client = clientCard(interaction.client);
    const account = accountCard(personIn(signIn).account);
    const download = recoveryCodesFile(issuer, codes);
    const { uiLocales } = interaction;
    const page = { client, account, codes, download, csrf };
    await options.show(ctx, 'recovery-codes', page, { uiLocales, image: client.logoUri });
  }

  /** Shown in the answer that made them, and never again: whoever sends the form anew gets others. */
  async function make(visit: FormVisit, signIn: SignIn): Promise<void> {
    const { account } = personIn(signIn);
    const at = options.clock.now();
    const actor = actorOf(visit);
    const codes = await factors.recoveryCodes.renew(account.id, actor);
    if (codes === undefined) {
      lookAgain(visit);
      return;
    }
    const languages = languagesOf(visit.ctx, visit.interaction.uiLocales);
    await options.notices.tell({ account, actor, at, languages }, 'recovery-codes-made');
    await showAgain(visit, signIn, codes);
  }

  return {
    show: (visit, signIn) => showAgain(visit, signIn, []),
    async take(visit, signIn) {
      const isOver = visit.form.get('action') === 'skip' || visit.form.get('kept') === 'yes';
      if (isOver) await goOn(visit, signIn, { data: { offersCodes: false } });
      else await make(visit, signIn);
    },
  };
}
