import type { Accounts } from '../accounts/accounts.ts';
import { askedFor } from '../http/asked-for.ts';
import { InteractionExpired, type Interactions } from '../provider/contract.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Step, Visit } from './interaction-routes.ts';
import type { ShowPage } from './pages.ts';

interface ConsentOptions {
  readonly interactions: Interactions;
  readonly accounts: Accounts;
  readonly show: ShowPage;
}

/** May this client have what it asks for? Whatever is not a yes is a no. */
export function createConsent({ interactions, accounts, show }: ConsentOptions): Step {
  async function ask({ ctx, interaction, csrf }: Visit): Promise<void> {
    const { uid, accountId = '', consent, uiLocales } = interaction;
    const account = await accounts.find(accountId);
    // Deleted since they signed in: there is nobody to ask.
    if (account === undefined || consent === undefined)
      throw new InteractionExpired('a consent without an account');
    const client = clientCard(interaction.client);
    const page = {
      client,
      account: accountCard(account),
      another: `/interaction/${uid}/sign-in`,
      ...askedFor(consent),
      csrf,
    };
    await show(ctx, 'consent', page, { uiLocales, image: client.logoUri });
  }

  return async (visit) => {
    const { ctx, interaction, form } = visit;
    if (form === undefined) await ask(visit);
    else {
      const isGranted = form.get('action') === 'continue';
      const kind = isGranted ? 'consented' : 'refused';
      await interactions.finish(ctx, interaction.uid, { kind });
    }
  };
}
