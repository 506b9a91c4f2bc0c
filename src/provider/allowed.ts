import type { Allowed } from './consent-queries.ts';

/** Somebody who has allowed nothing yet. */
export const NOTHING: Allowed = { scopes: [], claims: [], resources: {} };

/** What is in both. */
export function intersection(wanted: Allowed, other: Allowed): Allowed {
  return each(wanted, other, (names, known) => names.filter((name) => known.includes(name)));
}

/** What is in `wanted` and not in `other`. */
export function difference(wanted: Allowed, other: Allowed): Allowed {
  return each(wanted, other, (names, known) => names.filter((name) => !known.includes(name)));
}

/** Whether there is no scope and no claim in it; an API without a scope counts for nothing. */
export function isNothing({ scopes, claims, resources }: Allowed): boolean {
  return [scopes, claims, ...Object.values(resources)].every((names) => names.length === 0);
}

type Choose = (names: readonly string[], known: readonly string[]) => readonly string[];

function each(wanted: Allowed, other: Allowed, choose: Choose): Allowed {
  return {
    scopes: choose(wanted.scopes, other.scopes),
    claims: choose(wanted.claims, other.claims),
    resources: Object.fromEntries(
      Object.entries(wanted.resources).map(([identifier, names]) => [
        identifier,
        choose(names, other.resources[identifier] ?? []),
      ]),
    ),
  };
}
