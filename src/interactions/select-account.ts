import type { Accounts } from '../accounts/accounts.ts';
import type { Interactions } from '../provider/contract.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Step } from './interaction-routes.ts';
import type { ShowPage } from './pages.ts';

interface SelectAccountOptions {
  readonly interactions: Interactions;
  readonly accounts: Accounts;
  readonly show: ShowPage;
}

/** Go on as the account of the session, or as another. Without a session there is nothing to choose from. */
export function createSelectAccount({ interactions, accounts, show }: SelectAccountOptions): Step {
  return async ({ ctx, interaction, form, csrf }) => {
    const { uid, accountId, uiLocales } = interaction;
    const account = accountId === undefined ? undefined : await accounts.find(accountId);
    const another = `/interaction/${uid}/sign-in`;
    if (account === undefined) {
      ctx.status = 303;
      ctx.redirect(another);
      return;
    }
    if (form) {
      const kind = form.get('action') === 'cancel' ? 'refused' : 'account-kept';
      await interactions.finish(ctx, uid, { kind });
      return;
    }
    const client = clientCard(interaction.client);
    const page = { client, account: accountCard(account), another, csrf };
    await show(ctx, 'select-account', page, { uiLocales, image: client.logoUri });
  };
}
