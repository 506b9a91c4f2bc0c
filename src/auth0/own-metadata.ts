import type { JsonObject } from '../runtime/json.ts';
import type { UserMetadata } from './user-metadata.ts';

/** What tenants keep of a person, for them to take along; empty: nothing. */
export async function ownMetadata(
  accountId: string,
  metadata: Pick<UserMetadata, 'of'>,
): Promise<JsonObject> {
  const { user, app } = await metadata.of(accountId);
  const isEmpty = Object.keys(user).length + Object.keys(app).length === 0;
  return isEmpty ? {} : { auth0: { user_metadata: user, app_metadata: app } };
}
