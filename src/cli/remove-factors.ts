import type { FactorKind } from '../factors/factors.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { CLI_ACTOR } from './rooms.ts';

/**
 * Takes everything beside the password away, then ends every session and token: what was signed in by a factor that is
 * lost, or in other hands, does not outlive it. Who had nothing stays signed in.
 */
export async function removeFactors(
  { factors, takeBack }: Pick<PeopleRooms, 'factors' | 'takeBack'>,
  accountId: string,
): Promise<readonly FactorKind[]> {
  const removed = await factors.removeAll(accountId, CLI_ACTOR);
  if (removed.length > 0) {
    const details = { reason: 'factors.removed', actor: CLI_ACTOR };
    await takeBack.revoke({ kind: 'account', accountId }, details);
  }
  return removed;
}
