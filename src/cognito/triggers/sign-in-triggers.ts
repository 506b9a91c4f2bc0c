import type { JsonObject } from '../../runtime/json.ts';
import type { ClientOfPool } from '../pools.ts';
import type { PoolUser } from '../users.ts';
import { userAttributes } from './event-parts.ts';
import type { Triggers } from './triggers.ts';

/** `PreAuthentication`, before anything is proven. @throws {CognitoException} when it refuses. */
export async function callPreAuthentication(
  asked: ClientOfPool & {
    /** Undefined: nobody of the pool has that name. */
    readonly user: PoolUser | undefined;
    readonly typed: string;
    readonly clientMetadata: JsonObject | undefined;
  },
  triggers: Triggers,
): Promise<void> {
  const { pool, client, user, typed, clientMetadata } = asked;
  await triggers.call({
    trigger: 'PreAuthentication',
    source: 'PreAuthentication_Authentication',
    pool,
    clientId: client.id,
    userName: user?.row.username ?? typed,
    request: {
      userAttributes: user === undefined ? {} : userAttributes(user),
      validationData: clientMetadata ?? null,
      ...(user === undefined && { userNotFound: true }),
    },
    response: {},
  });
}

/** `PostAuthentication`, before there are tokens. @throws {CognitoException} when it refuses. */
export async function callPostAuthentication(
  asked: ClientOfPool & {
    readonly user: PoolUser;
    readonly clientMetadata?: JsonObject | undefined;
  },
  triggers: Triggers,
): Promise<void> {
  const { pool, client, user, clientMetadata } = asked;
  await triggers.call({
    trigger: 'PostAuthentication',
    source: 'PostAuthentication_Authentication',
    pool,
    clientId: client.id,
    userName: user.row.username,
    request: {
      userAttributes: userAttributes(user),
      // Devices are never remembered.
      newDeviceUsed: false,
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: {},
  });
}
