import type { ConsentRequest } from '../provider/contract.ts';

/** One thing that a client asks for or may do: a message of the catalog, or text of the installation's own. */
export interface AskedFor {
  readonly message: string;
  readonly text: string;
}

/** Scopes that the catalogs have words for: of OpenID Connect Core sections 5.4 and 11. */
const KNOWN_SCOPES = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);
/** Standard claims (section 5.1) that people have words for. */
const KNOWN_CLAIMS = new Set(
  (
    'name given_name family_name middle_name nickname preferred_username profile picture website email ' +
    'email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address'
  ).split(' '),
);

/** What a client asks for, in words. Of `openid` nothing is said: it is the sign-in itself. */
export function askedFor(consent: ConsentRequest): {
  readonly scopes: readonly AskedFor[];
  readonly claims: readonly AskedFor[];
  readonly resources: ConsentRequest['resources'];
  readonly details: ConsentRequest['details'];
} {
  const scopes = consent.scopes.filter((scope) => scope !== 'openid');
  return {
    scopes: scopes.map((scope) => inWords('scope', scope, KNOWN_SCOPES)),
    claims: consent.claims.map((claim) => inWords('claim', claim, KNOWN_CLAIMS)),
    resources: consent.resources,
    details: consent.details,
  };
}

function inWords(prefix: string, name: string, known: ReadonlySet<string>): AskedFor {
  return known.has(name) ? { message: `${prefix}.${name}`, text: '' } : { message: '', text: name };
}
