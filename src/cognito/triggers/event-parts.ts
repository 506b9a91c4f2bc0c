import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import { attributeList } from '../attributes.ts';
import { statusOf } from '../user-view.ts';
import type { PoolUser } from '../users.ts';

/** What applications send along for triggers, which alone read it. */
export const clientMetadata = z
  .record(z.string().max(1024), z.string().max(5000))
  .nullish()
  .transform((given) => given ?? undefined);

/** A user as events have them: every value a text. */
export function userAttributes(user: PoolUser): JsonObject {
  return {
    ...Object.fromEntries(attributeList(user).map(({ Name, Value }) => [Name, Value])),
    'cognito:user_status': statusOf(user),
  };
}
