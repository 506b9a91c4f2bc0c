import type { Interaction } from '../../provider/contract.ts';

/** Pages of a pool, below the interaction of a request. */
export type PoolPath = '/signup' | '/signup/code' | '/forgotPassword' | '/forgotPassword/code';

/** Where applications lead people, to begin a request there. */
export const STARTS = ['/signup', '/forgotPassword'] as const satisfies readonly PoolPath[];

/** A page within a request that waits. */
export function pathOf(
  path: PoolPath,
  { uid }: Pick<Interaction, 'uid'>,
  about: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(about).toString();
  return `/interaction/${uid}${path}${query === '' ? '' : `?${query}`}`;
}
