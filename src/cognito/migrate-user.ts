import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { readAttributes } from './attribute-input.ts';
import { CognitoException } from './exception.ts';
import { createUser } from './new-user.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import { readResponse } from './triggers/triggers.ts';
import type { PoolUser } from './users.ts';

/** Somebody whom the pool does not know, and another directory may. */
interface Stranger extends ClientOfPool {
  readonly source: 'UserMigration_Authentication' | 'UserMigration_ForgotPassword';
  readonly typed: string;
  /** Undefined: it was forgotten. */
  readonly password: string | undefined;
  readonly clientMetadata: JsonObject | undefined;
  readonly origin: Origin;
}

const migrated = z.object({
  userAttributes: z.record(z.string().min(1).max(32), z.string().max(2048)).nullish(),
  finalUserStatus: z.enum(['CONFIRMED', 'RESET_REQUIRED']).nullish(),
});
/** What it may say of a user beside attributes: what they typed, and an id that they do not have here. */
const NO_ATTRIBUTES = new Set(['username', 'sub']);

/**
 * Asks the trigger `UserMigration` for a user, and makes one of what it tells. Each question is a guess at a password, and
 * counts as one. Undefined: there is no such trigger, or it knows nobody either.
 *
 * @throws {CognitoException}
 */
export async function migrateUser(stranger: Stranger, room: Room): Promise<PoolUser | undefined> {
  const { pool, typed, origin } = stranger;
  if (!(await room.triggers.has(pool, 'UserMigration'))) return undefined;
  const leave = await room.throttle.admit({
    login: `${pool.id}/${typed}`,
    address: origin.address,
  });
  if (leave.kind === 'throttled')
    throw new CognitoException('NotAuthorizedException', 'Password attempts exceeded');
  const response = await ask(stranger, room);
  if (response === undefined) return undefined;
  const user = await made(stranger, response, room);
  await leave.succeeded();
  return user;
}

async function ask(
  stranger: Stranger,
  { triggers }: Room,
): Promise<z.output<typeof migrated> | undefined> {
  const { pool, client, source, typed, password, clientMetadata } = stranger;
  const response = await triggers.call({
    trigger: 'UserMigration',
    source,
    pool,
    clientId: client.id,
    userName: typed,
    request: {
      password: password ?? null,
      validationData: clientMetadata ?? null,
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: {
      userAttributes: null,
      forceAliasCreation: null,
      finalUserStatus: null,
      messageAction: null,
      desiredDeliveryMediums: null,
    },
  });
  const said = response && readResponse(response, migrated);
  return said?.userAttributes === null ? undefined : said;
}

async function made(
  { pool, typed, password, origin }: Stranger,
  { userAttributes, finalUserStatus }: z.output<typeof migrated>,
  room: Room,
): Promise<PoolUser> {
  const attributes = Object.entries(userAttributes ?? {})
    .filter(([name]) => !NO_ATTRIBUTES.has(name))
    .map(([Name, Value]) => ({ Name, Value }));
  return await createUser(
    {
      pool,
      username: typed,
      password,
      attributes: readAttributes(attributes, { pool, by: 'operator' }),
      status: finalUserStatus ?? 'CONFIRMED',
      actor: { by: 'cognito', origin },
    },
    room,
  );
}
