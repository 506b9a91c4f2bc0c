import type { JsonObject } from '../runtime/json.ts';
import { attributeList } from './attributes.ts';
import type { PoolUser } from './users.ts';

/** Where a user stands, in the words of Cognito. */
export function statusOf({ account, row }: PoolUser): string {
  if (row.status !== 'CONFIRMED') return row.status;
  return account.mustChangePassword ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED';
}

/** A user as operators see them. `attributes`: the name of the list, which is not the same everywhere; `wanted`: which; left out: all. */
export function userView(
  user: PoolUser,
  attributes: 'Attributes' | 'UserAttributes',
  wanted?: readonly string[],
): JsonObject {
  return {
    Username: user.row.username,
    [attributes]: attributeList(user)
      .filter(({ Name }) => wanted === undefined || wanted.includes(Name))
      .map((one) => ({ ...one })),
    UserCreateDate: user.row.created_at,
    UserLastModifiedDate: Math.max(user.row.updated_at, user.account.updatedAt),
    Enabled: user.account.state === 'active',
    UserStatus: statusOf(user),
  };
}
