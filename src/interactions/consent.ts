import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import { originOf } from '../http/page.ts';
import {
  InteractionExpired,
  type ConsentRequest,
  type Interaction,
  type Interactions,
} from '../provider/contract.ts';
import { accountCard, askedFor, clientCard } from './cards.ts';
import type { Step, Visit } from './interaction-routes.ts';
import type { ShowPage } from './pages.ts';

interface ConsentOptions {
  readonly interactions: Interactions;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly show: ShowPage;
}

/** May this client have what it asks for? */
export function createConsent({ interactions, accounts, audit, show }: ConsentOptions): Step {
  async function decide({ ctx, interaction }: Visit, isGranted: boolean): Promise<void> {
    const { uid, accountId, client, consent } = interaction;
    const base = { origin: originOf(ctx), accountId, clientId: client.id };
    // On record before it takes effect: what cannot be recorded is not granted.
    if (isGranted) await audit.record({ ...base, type: 'consent.granted', ...named(consent) });
    else await audit.record({ ...base, type: 'consent.refused' });
    await interactions.finish(ctx, uid, { kind: isGranted ? 'consented' : 'refused' });
  }

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

  return (visit) =>
    visit.form ? decide(visit, visit.form.get('action') === 'continue') : ask(visit);
}

function named(consent: Interaction['consent']): {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
} {
  const { scopes = [], resources = [] }: Partial<ConsentRequest> = consent ?? {};
  return { scopes, resources: resources.map(({ identifier }) => identifier) };
}
