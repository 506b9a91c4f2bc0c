import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import { poolOf } from './admin-users.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import {
  clientInput,
  poolInput,
  readClient,
  readPool,
  readSchema,
  schemaInput,
} from './pool-input.ts';
import { clientView, poolView } from './pool-views.ts';
import type { Room } from './room.ts';
import type { ClientSettings } from './stored-clients.ts';
import type { PoolSettings } from './stored-pools.ts';
import { usersAfter } from './user-queries.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const ofClient = ofPool.extend({ ClientId: z.string() });
const USERS_AT_ONCE = 60;

/** Pools and clients made, changed and taken away by the API, as CDK and Terraform do. */
export function poolAdministration(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateUserPool: createPool(room),
    UpdateUserPool: updatePool(room),
    DeleteUserPool: signedOperation(ofPool, async ({ UserPoolId }, origin) => {
      const pool = await storedPool(UserPoolId, room);
      if ((await room.domains.ofPool(pool.id)).length > 0)
        throw new CognitoException(
          'InvalidParameterException',
          'User pool cannot be deleted. It has a domain configured that should be deleted first.',
        );
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
  const input = poolInput.extend({ PoolName: z.string().min(1).max(128) });
  return signedOperation(input, async ({ PoolName: name, ...given }, origin) => {
    const made = await room.storedPools.create({ name, ...readPool(given) }, room.settings.region);
    await recordPoolChange('pool.created', made, { by: 'cognito', origin }, room);
    return { UserPool: poolView(made) };
  });
}

/** What is left out goes back to what AWS takes for it; who signs in by what, and attributes, stay. */
function updatePool(room: Room): Operation {
  return signedOperation(
    poolInput.extend(ofPool.shape),
    async ({ UserPoolId, ...given }, origin) => {
      const pool = await storedPool(UserPoolId, room);
      const { signInBy, attributes, name } = pool;
      await room.storedPools.update(pool.id, { ...readPool(given), name, signInBy, attributes });
      await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
      return {};
    },
  );
}

function addCustomAttributes(room: Room): Operation {
  const input = ofPool.extend({ CustomAttributes: schemaInput });
  return signedOperation(input, async ({ UserPoolId, CustomAttributes }, origin) => {
    const pool = await storedPool(UserPoolId, room);
    const { id, issuer: _issuer, people: _people, ...settings } = pool;
    const added = readSchema(CustomAttributes);
    const known = new Set(settings.attributes.map(({ name }) => name));
    if (added.some(({ name }) => known.has(name)))
      throw new CognitoException(
        'InvalidParameterException',
        'Existing attribute already has this name.',
      );
    const next: PoolSettings = { ...settings, attributes: [...settings.attributes, ...added] };
    await room.storedPools.update(id, next);
    await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
    return {};
  });
}

function createClient(room: Room): Operation {
  const input = clientInput.extend(ofPool.shape).extend({ GenerateSecret: z.boolean().nullish() });
  return signedOperation(input, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const settings = readClient(given, room.lives);
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
      ...readClient(given, room.lives),
      name: given.ClientName ?? client.name,
    };
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
  if ((await room.storedPools.find(id)) !== undefined) return pool;
  throw declared('pool');
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
  throw declared('client');
}

function declared(what: string): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    `The configuration declares this ${what}: it is changed there.`,
  );
}
