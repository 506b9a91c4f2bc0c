import { accountCard, clientCard } from './cards.ts';
import {
  actorOf,
  lookAgain,
  personIn,
  type SignInStep,
  type StepOptions,
  type Terms,
} from './sign-in-step.ts';

/** Asks for terms whose version the person has not accepted yet; whoever refuses is not signed in. */
export function createTermsStep(options: StepOptions): SignInStep {
  const { accounts, goOn, show } = options;

  return {
    async show({ ctx, interaction, csrf }, signIn) {
      const { account } = personIn(signIn);
      const { version, url } = askedIn(options);
      const client = clientCard(interaction.client);
      const isChanged = account.terms !== undefined;
      const page = { client, account: accountCard(account), url, version, isChanged, csrf };
      const { uiLocales } = interaction;
      await show(ctx, 'terms', page, { uiLocales, image: client.logoUri });
    },
    async take(visit, signIn) {
      const { version } = askedIn(options);
      // What the page showed is what was accepted: another node may ask for another version by now.
      if (visit.form.get('version') === version) {
        await accounts.acceptTerms(personIn(signIn).account.id, version, actorOf(visit));
        await goOn(visit, signIn, {});
      } else lookAgain(visit);
    },
  };
}

function askedIn({ terms }: StepOptions): Terms {
  if (terms === undefined) throw new TypeError('terms to accept that are not there');
  return terms;
}
