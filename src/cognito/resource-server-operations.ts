import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './addressed.ts';
import { IDENTIFIER, SCOPE } from './declared-parts.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import { pageInput, pageOf } from './paging.ts';
import { recordPoolChange } from './pool-administration.ts';
import type { ResourceServer } from './resource-servers.ts';
import type { Room } from './room.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const ofServer = ofPool.extend({ Identifier: z.string().regex(IDENTIFIER) });
const written = ofServer.extend({
  Name: z.string().min(1).max(256),
  Scopes: z
    .array(
      z.object({
        ScopeName: z.string().regex(SCOPE),
        ScopeDescription: z.string().min(1).max(256),
      }),
    )
    .max(100)
    .nullish(),
});

/** APIs of a pool, whose scopes its clients ask for. */
export function resourceServerOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateResourceServer: write(room, async (server) => {
      if (await room.resourceServers.create(server)) return;
      throw new CognitoException(
        'InvalidParameterException',
        `${server.identifier} already exists in user pool ${server.poolId}.`,
      );
    }),
    UpdateResourceServer: write(room, async (server) => {
      if (!(await room.resourceServers.update(server))) throw notFound(server.identifier);
    }),
    DescribeResourceServer: signedOperation(ofServer, async ({ UserPoolId, Identifier }) => {
      const { id } = await poolOf(UserPoolId, room);
      const server = await room.resourceServers.find(id, Identifier);
      if (server === undefined) throw notFound(Identifier);
      return { ResourceServer: serverView(server) };
    }),
    ListResourceServers: signedOperation(ofPool.extend(pageInput.shape), async (given) => {
      const { id } = await poolOf(given.UserPoolId, room);
      const all = await room.resourceServers.ofPool(id);
      const { page, next } = pageOf(all, given, ({ identifier }) => identifier);
      return { ResourceServers: page.map(serverView), ...next };
    }),
    DeleteResourceServer: signedOperation(ofServer, async ({ UserPoolId, Identifier }, origin) => {
      const pool = await poolOf(UserPoolId, room);
      if (!(await room.resourceServers.delete(pool.id, Identifier))) throw notFound(Identifier);
      await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
      return {};
    }),
  };
}

function write(room: Room, put: (server: ResourceServer) => Promise<void>): Operation {
  return signedOperation(written, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const server: ResourceServer = {
      poolId: pool.id,
      identifier: given.Identifier,
      name: given.Name,
      scopes: (given.Scopes ?? []).map(({ ScopeName: name, ScopeDescription: description }) => ({
        name,
        description,
      })),
    };
    await put(server);
    await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
    return { ResourceServer: serverView(server) };
  });
}

function serverView({ poolId, identifier, name, scopes }: ResourceServer): JsonObject {
  return {
    UserPoolId: poolId,
    Identifier: identifier,
    Name: name,
    Scopes: scopes.map((scope) => ({
      ScopeName: scope.name,
      ScopeDescription: scope.description,
    })),
  };
}

function notFound(identifier: string): CognitoException {
  return new CognitoException(
    'ResourceNotFoundException',
    `Resource server ${identifier} does not exist.`,
  );
}
