import { accountCard, clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignIn } from './sign-in-progress.ts';
import { actorOf, personIn, type SignInStep, type StepOptions } from './sign-in-step.ts';
import type { PasswordReview } from '../accounts/password-review.ts';
import { passwordWords } from '../accounts/password-words.ts';

/** Chooses a new password, where an operator asked for one. */
export function createNewPasswordStep(options: StepOptions): SignInStep {
  const { accounts, goOn } = options;

  async function showAgain(
    { ctx, interaction, csrf }: Visit,
    signIn: SignIn,
    review: PasswordReview | undefined,
  ): Promise<void> {
    const client = clientCard(interaction.client);
    const page = {
      client,
      account: accountCard(personIn(signIn).account),
      ...passwordWords(review),
      csrf,
    };
    const { uiLocales } = interaction;
    const status = review === undefined ? 200 : 422;
    await options.show(ctx, 'new-password', page, { status, uiLocales, image: client.logoUri });
  }

  return {
    show: (visit, signIn) => showAgain(visit, signIn, undefined),
    async take(visit, signIn) {
      const { account } = personIn(signIn);
      const password = visit.form.get('password') ?? '';
      const review = await accounts.checkNewPassword(password, account);
      if (!review.ok) {
        await showAgain(visit, signIn, review);
        return;
      }
      await accounts.setPassword(account.id, password, actorOf(visit));
      await goOn(visit, signIn, { proof: { method: 'password', accountId: account.id } });
    },
  };
}
