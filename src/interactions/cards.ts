import type { Account } from '../accounts/accounts.ts';
import type { ClientView, ConsentRequest } from '../provider/contract.ts';
import type { AccountCard, AskedFor, ClientCard } from './pages.ts';

/** Scopes that the catalogs have words for: of OpenID Connect Core sections 5.4 and 11. */
const KNOWN_SCOPES = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);
/** Standard claims (section 5.1) that people have words for. */
const KNOWN_CLAIMS = new Set(
  (
    'name given_name family_name middle_name nickname preferred_username profile picture website email ' +
    'email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address'
  ).split(' '),
);

/** What a page shows of a client. */
export function clientCard(client: ClientView): ClientCard {
  const { name, uri = '', logoUri = '', policyUri = '', tosUri = '' } = client;
  return { name, uri, site: URL.parse(uri)?.host ?? '', logoUri, policyUri, tosUri };
}

/** What a page shows of an account to its owner. */
export function accountCard({ id, email, username, claims }: Account): AccountCard {
  const login = email ?? username ?? id;
  const fullName = claims['name'];
  const name = typeof fullName === 'string' && fullName.trim() !== '' ? fullName.trim() : login;
  const [initial = ''] = name;
  return { name, login: login === name ? '' : login, initial: initial.toLocaleUpperCase() };
}

/** What a client asks for, in words. Of `openid` nothing is said: it is the sign-in itself. */
export function askedFor(consent: ConsentRequest): {
  readonly scopes: readonly AskedFor[];
  readonly claims: readonly AskedFor[];
  readonly resources: ConsentRequest['resources'];
} {
  const scopes = consent.scopes.filter((scope) => scope !== 'openid');
  return {
    scopes: scopes.map((scope) => inWords('scope', scope, KNOWN_SCOPES)),
    claims: consent.claims.map((claim) => inWords('claim', claim, KNOWN_CLAIMS)),
    resources: consent.resources,
  };
}

function inWords(prefix: string, name: string, known: ReadonlySet<string>): AskedFor {
  return known.has(name) ? { message: `${prefix}.${name}`, text: '' } : { message: '', text: name };
}
