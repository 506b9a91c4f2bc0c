import type { JsonObject } from '../../runtime/json.ts';

/** Auth0's own namespaces. */
const RESERVED_HOST = /(?:^|\.)(?:auth0\.com|webtask\.io|webtask\.run)$/;
/** What the protocol, or the provider, says of a token. */
const RESERVED: ReadonlySet<string> = new Set(
  [
    'iss sub aud exp nbf iat jti typ azp nonce auth_time acr amr sid at_hash c_hash s_hash ath',
    'client_id scope gty permissions roles groups entitlements org_id org_name act may_act cnf events txn',
    'authorization_details attest htm htu toe vot vtm status gid rev from userinfo_claims',
  ].flatMap((line) => line.split(' ')),
);
/** Of the profile: an ID token may say them otherwise, an access token does not say them. */
const OF_PROFILE: ReadonlySet<string> = new Set(
  [
    'name given_name family_name middle_name nickname preferred_username profile picture website email',
    'email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at',
  ].flatMap((line) => line.split(' ')),
);

/** Which of `claims` an action may set in a token, and the names of those that it may not. */
export function allowedClaims(
  claims: JsonObject,
  token: 'access' | 'id',
): { readonly kept: JsonObject; readonly dropped: readonly string[] } {
  const isAllowed = (name: string): boolean =>
    !RESERVED.has(name) && !isReserved(name) && (token === 'id' || !OF_PROFILE.has(name));
  return {
    kept: Object.fromEntries(Object.entries(claims).filter(([name]) => isAllowed(name))),
    dropped: Object.keys(claims).filter((name) => !isAllowed(name)),
  };
}

function isReserved(name: string): boolean {
  const host = URL.parse(name)?.hostname;
  return host !== undefined && RESERVED_HOST.test(host);
}
