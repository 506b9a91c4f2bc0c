import type { JsonObject } from '../runtime/json.ts';

/**
 * The standard claims that people may set for themselves: those that nobody takes for a proof. Named one by one, so
 * that `phone_number_verified` and whatever is added later is not among them by accident.
 */
const OWN_CLAIMS: ReadonlySet<string> = new Set([
  'name',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'profile',
  'picture',
  'website',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
  'address',
]);
/** URLs that are shown to others, so that a browser is never sent over plain http. */
const HTTPS_ONLY = ['picture', 'profile', 'website'];

/** What is wrong with `claims` as a change by the person themselves. */
export function claimsOfOwn(claims: JsonObject): readonly string[] {
  const foreign = Object.keys(claims).filter((name) => !OWN_CLAIMS.has(name));
  const plain = HTTPS_ONLY.filter((name) => {
    const url = claims[name];
    return typeof url === 'string' && !url.startsWith('https://');
  });
  return [
    ...foreign.map((name) => `claims.${name}: cannot be changed by the person`),
    ...plain.map((name) => `claims.${name}: must begin with https://`),
  ];
}
