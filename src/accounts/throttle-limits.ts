import type { SignInSettings } from './config.ts';

/** How many failures one counter puts up with. */
export interface Limit {
  readonly key: string;
  readonly max: number;
  readonly ttlSeconds: number;
  /** A success clears it; of the others, a success only takes back what itself had added. */
  readonly isCleared: boolean;
}

type Limits = SignInSettings['limits'];

/** `name` and `network` are digests. From an address that the name has signed in from. */
export function acquaintanceLimits(
  name: string,
  network: string,
  limits: Limits,
): readonly Limit[] {
  return [pathLimit(name, network, limits), acquaintancesLimit(name, limits)];
}

/** From any other address. */
export function strangerLimits(name: string, network: string, limits: Limits): readonly Limit[] {
  const shared = { ttlSeconds: limits.window, isCleared: false };
  return [
    pathLimit(name, network, limits),
    strangersLimit(name, limits),
    { key: `sign-in:address:${network}`, max: limits.perAddress, ...shared },
    { key: 'sign-in:overall', max: limits.overall, ...shared },
  ];
}

/** Failures in a row of one name from strangers, whatever their addresses. */
export function strangersLimit(name: string, limits: Limits): Limit {
  return {
    key: `sign-in:strangers:${name}`,
    max: limits.strangers,
    ttlSeconds: limits.rowForgottenAfter,
    isCleared: true,
  };
}

/** Failures in a row of one name from addresses it has signed in from. */
export function acquaintancesLimit(name: string, limits: Limits): Limit {
  return {
    key: `sign-in:acquaintances:${name}`,
    max: limits.acquaintances,
    ttlSeconds: limits.rowForgottenAfter,
    isCleared: true,
  };
}

function pathLimit(name: string, network: string, limits: Limits): Limit {
  return {
    key: `sign-in:path:${name}:${network}`,
    max: limits.perPath,
    ttlSeconds: limits.window,
    isCleared: true,
  };
}
