import type { Account, Accounts } from '../accounts/accounts.ts';
import { askedFor } from '../http/asked-for.ts';
import {
  InteractionExpired,
  type ConsentRequest,
  type Interactions,
} from '../provider/contract.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Step, Visit } from './interaction-routes.ts';
import type { ShowPage } from './pages.ts';
import { nameOfShown } from './shown-consent.ts';

interface ConsentOptions {
  readonly interactions: Interactions;
  readonly accounts: Accounts;
  readonly show: ShowPage;
}

/** What is asked of whom, and the fields of the page that depend on where it is shown. */
interface Asking {
  readonly account: Account;
  readonly asked: ConsentRequest;
  readonly shown: string;
  readonly another: string;
}

/** Asks whether this client may have what it asks for. */
export async function showConsent(
  { ctx, interaction, csrf }: Visit,
  show: ShowPage,
  { account, asked, shown, another }: Asking,
): Promise<void> {
  const client = clientCard(interaction.client);
  const page = { client, account: accountCard(account), another, shown, ...askedFor(asked), csrf };
  const { uiLocales } = interaction;
  // What is asked in detail is not kept for the next reader.
  const words = asked.details.length > 0 ? [] : (['account', 'another', 'shown', 'csrf'] as const);
  await show(ctx, 'consent', page, { uiLocales, image: client.logoUri, words });
}

/** May this client have what it asks for? Whatever is not a yes is a no. */
export function createConsent({ interactions, accounts, show }: ConsentOptions): Step {
  async function ask(visit: Visit): Promise<void> {
    const { uid, accountId = '', consent: asked } = visit.interaction;
    const account = await accounts.find(accountId);
    // Deleted since they signed in: there is nobody to ask.
    if (account === undefined || asked === undefined)
      throw new InteractionExpired('a consent without an account');
    const another = `/interaction/${uid}/sign-in`;
    const shown = nameOfShown(accountId, asked);
    await showConsent(visit, show, { account, asked, shown, another });
  }

  return async (visit) => {
    const { ctx, interaction, form } = visit;
    const isGranted = form?.get('action') === 'continue';
    // A role that was given meanwhile lets more be asked: nobody allows what they were not shown.
    if (form === undefined || (isGranted && !isOfNow(visit))) await ask(visit);
    else
      await interactions.finish(ctx, interaction.uid, {
        kind: isGranted ? 'consented' : 'refused',
      });
  };
}

/** Whether its page showed what is asked now. */
function isOfNow({ interaction: { accountId = '', consent }, form }: Visit): boolean {
  return consent !== undefined && form?.get('shown') === nameOfShown(accountId, consent);
}
