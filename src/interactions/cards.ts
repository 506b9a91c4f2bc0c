import type { Account } from '../accounts/accounts.ts';
import type { ClientView } from '../provider/contract.ts';
import type { AccountCard, ClientCard } from './pages.ts';

/** What a page shows of a client. */
export function clientCard(client: ClientView): ClientCard {
  const { name, host = '', uri = '', logoUri = '', policyUri = '', tosUri = '' } = client;
  return { name, host, uri, site: URL.parse(uri)?.host ?? '', logoUri, policyUri, tosUri };
}

/** What a page shows of an account to its owner. */
export function accountCard({ id, email, username, phone, claims }: Account): AccountCard {
  const login = email ?? username ?? phone ?? id;
  const fullName = claims['name'];
  const name = typeof fullName === 'string' && fullName.trim() !== '' ? fullName.trim() : login;
  const [initial = ''] = name;
  return { name, login: login === name ? '' : login, initial: initial.toLocaleUpperCase() };
}
