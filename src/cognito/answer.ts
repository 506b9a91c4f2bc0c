import type { Challenge } from './challenges.ts';
import type { Proven } from './conclude.ts';
import { invalidSession } from './exception.ts';
import type { AuthRequest } from './initiate-auth.ts';
import type { Room } from './room.ts';

/** What an answer is given to. */
export interface Answer extends AuthRequest {
  readonly challenge: Challenge;
  readonly proven: Proven;
}

/**
 * For one answer alone.
 *
 * @throws {CognitoException} for every other.
 */
export async function useOnce(challenge: Challenge, { challenges }: Room): Promise<void> {
  if (!(await challenges.end(challenge))) throw invalidSession();
}
