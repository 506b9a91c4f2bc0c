import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import { poolOf } from './addressed.ts';
import { CognitoException, declaredHere } from './exception.ts';
import { checkScopes } from './oauth-input.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import { clientInput, poolInput, readClient, readPool } from './pool-input.ts';
import { clientView } from './pool-views.ts';
import { poolView } from './pool-view.ts';
import { readSchema, schemaInput } from './pool-schema.ts';
import type { Room } from './room.ts';
import type { ClientSettings } from './stored-clients.ts';
import type { PoolSettings } from './stored-pools.ts';
import { usersAfter } from './user-queries.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const ofClient = ofPool.extend({ ClientId: z.string() });
const poolName = z.string().min(1).max(128);
const USERS_AT_ONCE = 60;

/** Pools and clients made, changed and taken away by the API, as CDK and Terraform do. */
export function poolAdministration(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateUserPool: createPool(room),
    UpdateUserPool: updatePool(room),
    DeleteUserPool: signedOperation(ofPool, async ({ UserPoolId }, origin) => {
      const pool = await storedPool(UserPoolId, room);
      await refuseKept(pool, room);
      await endPool(pool, { by: 'cognito', origin }, room);
      return {};
    }),
    AddCustomAttributes: addCustomAttributes(room),
    CreateUserPoolClient: createClient(room),
    UpdateUserPoolClient: updateClient(room),
    DeleteUserPoolClient: signedOperation(ofClient, async (given, origin) => {
      const id = await storedClient(given, room);
      await endClient(id, { by: 'cognito', origin }, room);
      return {};
    }),
  };
}

function createPool(room: Room): Operation {
  const input = poolInput.extend({ PoolName: poolName });
  return signedOperation(input, async ({ PoolName: name, ...given }, origin) => {
    const made = await room.storedPools.create(
      { name, ...readPool(given, room) },
      room.settings.region,
    );
    await recordPoolChange('pool.created', made, { by: 'cognito', origin }, room);
    return { UserPool: poolView(made) };
  });
}

/** What is left out goes back to what AWS takes for it; who signs in by what, and attributes, stay. */
function updatePool(room: Room): Operation {
  const input = poolInput.extend(ofPool.shape).extend({ PoolName: poolName.nullish() });
  return signedOperation(input, async ({ UserPoolId, PoolName, ...given }, origin) => {
    const changed = readPool(given, room);
    await changePool(UserPoolId, { by: 'cognito', origin }, room, (known) => ({
      ...changed,
      name: PoolName ?? known.name,
      signInBy: known.signInBy,
      attributes: known.attributes,
      standardAttributes: known.standardAttributes,
      tags: given.UserPoolTags ?? known.tags,
      mfaFactors: known.mfaFactors,
      emailMfa: known.emailMfa,
      smsMfa: known.smsMfa,
      kept: { ...changed.kept, ...unchangeable(known.kept) },
    }));
    return {};
  });
}

function unchangeable({
  UsernameConfiguration: names,
}: PoolSettings['kept']): PoolSettings['kept'] {
  return names === undefined ? {} : { UsernameConfiguration: names };
}

function addCustomAttributes(room: Room): Operation {
  const input = ofPool.extend({ CustomAttributes: schemaInput });
  return signedOperation(input, async ({ UserPoolId, CustomAttributes }, origin) => {
    const { attributes: added } = readSchema(CustomAttributes);
    await changePool(UserPoolId, { by: 'cognito', origin }, room, (known) => {
      const names = new Set(known.attributes.map(({ name }) => name));
      if (!added.some(({ name }) => names.has(name)))
        return { ...known, attributes: [...known.attributes, ...added] };
      throw new CognitoException(
        'InvalidParameterException',
        'Existing attribute already has this name.',
      );
    });
    return {};
  });
}

/**
 * Changes a pool that was made by the API.
 *
 * @throws {CognitoException} for one that is not there or is declared.
 */
export async function changePool(
  poolId: string,
  actor: Actor,
  room: Room,
  next: (settings: PoolSettings) => PoolSettings,
): Promise<void> {
  const pool = await storedPool(poolId, room);
  await room.storedPools.change(pool.id, next);
  await recordPoolChange('pool.updated', pool, actor, room);
}

function createClient(room: Room): Operation {
  const input = clientInput.extend(ofPool.shape).extend({ GenerateSecret: z.boolean().nullish() });
  return signedOperation(input, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const settings = readClient(given, room);
    await checkScopes(pool.id, settings.oauth, room.resourceServers);
    const options = { hasSecret: given.GenerateSecret === true };
    const made = await room.storedClients.create(pool.id, settings, options);
    await recordClient('client.created', made.id, { by: 'cognito', origin }, room);
    return { UserPoolClient: clientView(made) };
  });
}

/** What is left out goes back to what AWS takes for it; the name and the secret stay. */
function updateClient(room: Room): Operation {
  return signedOperation(clientInput.extend(ofClient.shape), async (given, origin) => {
    const id = await storedClient(given, room);
    const { client } = await room.pools.client(id);
    const settings: ClientSettings = {
      ...readClient(given, room),
      name: given.ClientName ?? client.name,
    };
    await checkScopes(client.poolId, settings.oauth, room.resourceServers);
    await room.storedClients.update(id, settings);
    await recordClient('client.updated', id, { by: 'cognito', origin }, room);
    return { UserPoolClient: clientView({ ...client, ...settings }) };
  });
}

/** For the record: what becomes of a pool. */
export async function recordPoolChange(
  type: 'pool.created' | 'pool.updated' | 'pool.deleted',
  { id: pool }: Pool,
  { by, origin }: Actor,
  { audit }: Room,
): Promise<void> {
  await audit.record({ type, pool, by, origin });
}

async function recordClient(
  type: 'client.created' | 'client.updated' | 'client.deleted',
  clientId: string,
  { by, origin }: Actor,
  { audit }: Room,
): Promise<void> {
  await audit.record({ type, clientId, by, origin });
}

/** First the client, so that nothing more is issued for it; then what it holds. */
async function endClient(clientId: string, actor: Actor, room: Room): Promise<void> {
  await room.storedClients.delete(clientId);
  await room.revocation.revoke({ kind: 'client', clientId }, { reason: 'client deleted', actor });
  await recordClient('client.deleted', clientId, actor, room);
}

async function refuseKept({ id, made }: Pool, { domains }: Room): Promise<void> {
  const refused = (why: string): CognitoException =>
    new CognitoException(
      'InvalidParameterException',
      `The user pool cannot be deleted because ${why}`,
    );
  if (made?.isProtected === true)
    throw refused(
      'deletion protection is activated. Deletion protection must be inactivated first.',
    );
  if ((await domains.ofPool(id)).length > 0)
    throw refused('it has a domain configured that should be deleted first.');
}

/** Its users are accounts that came by its API, and go with it. */
async function endPool(pool: Pool, actor: Actor, room: Room): Promise<void> {
  for (const { id } of await room.storedClients.ofPool(pool.id)) await endClient(id, actor, room);
  await endUsers({ pool, after: '' }, actor, room);
  await room.storedPools.delete(pool.id);
  await recordPoolChange('pool.deleted', pool, actor, room);
}

async function endUsers(
  { pool, after }: { readonly pool: Pool; readonly after: string },
  actor: Actor,
  room: Room,
): Promise<void> {
  const page = { after, limit: USERS_AT_ONCE };
  const rows = await room.records.all(usersAfter(room.records.queries, pool.id, page));
  for (const row of rows) await room.accounts.delete(row.account_id, actor);
  const last = rows.at(-1);
  if (last !== undefined) await endUsers({ pool, after: last.account_id }, actor, room);
}

async function storedPool(id: string, room: Room): Promise<Pool> {
  const pool = await poolOf(id, room);
  if (pool.made !== undefined) return pool;
  throw declaredHere('pool');
}

async function storedClient(
  { UserPoolId, ClientId }: z.output<typeof ofClient>,
  room: Room,
): Promise<string> {
  const { client } = await room.pools.client(ClientId);
  if (client.poolId !== UserPoolId)
    throw new CognitoException(
      'ResourceNotFoundException',
      `User pool client ${ClientId} does not exist.`,
    );
  if ((await room.storedClients.find(ClientId)) !== undefined) return ClientId;
  throw declaredHere('client');
}
