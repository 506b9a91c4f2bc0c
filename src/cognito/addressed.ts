import { z } from 'zod';
import { CognitoException } from './exception.ts';
import { userNotFound } from './password-auth.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import type { PoolUser } from './users.ts';

/** Of which user an operator speaks. */
export const ofUser = z.object({
  UserPoolId: z.string(),
  Username: z.string().min(1).max(128),
});

/** @throws {CognitoException} */
export async function poolOf(poolId: string, { pools }: Room): Promise<Pool> {
  const pool = await pools.find(poolId);
  if (pool !== undefined) return pool;
  throw new CognitoException('ResourceNotFoundException', `User pool ${poolId} does not exist.`);
}

/** @throws {CognitoException} */
export async function userOf(
  { UserPoolId, Username }: z.output<typeof ofUser>,
  room: Room,
): Promise<PoolUser> {
  const user = await room.users.find(await poolOf(UserPoolId, room), Username);
  if (user === undefined) throw userNotFound();
  return user;
}
