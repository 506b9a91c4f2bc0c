import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { oauthView } from './oauth-input.ts';
import { signedOperation, type Operation } from './operation.ts';
import { pageInput, pageOf } from './paging.ts';
import type { PoolClient } from './pool.ts';
import { poolView, summaryOf } from './pool-view.ts';
import type { Room } from './room.ts';
import { countUsers } from './user-queries.ts';

const MINUTE = 60;
const ofPool = z.object({ UserPoolId: z.string() });
const DOMAINS = { prefix: 'Domain', custom: 'CustomDomain' } as const;

/** What operators read of pools and their clients. */
export function poolViewOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    ListUserPools: signedOperation(pageInput, async (asked) => {
      const { page, next } = pageOf(await room.pools.list(), asked, ({ id }) => id);
      return { UserPools: page.map(summaryOf), ...next };
    }),
    DescribeUserPool: signedOperation(ofPool, async ({ UserPoolId }) => {
      const pool = await poolOf(UserPoolId, room);
      const domains = await room.domains.ofPool(pool.id);
      const names = domains.map(({ kind, name }) => [DOMAINS[kind], name] as const);
      const counted = await room.records.first(countUsers(room.records.queries, pool.id));
      return {
        UserPool: {
          ...poolView(pool),
          ...Object.fromEntries(names),
          EstimatedNumberOfUsers: counted?.users ?? 0,
        },
      };
    }),
    ListUserPoolClients: signedOperation(ofPool.extend(pageInput.shape), async (given) => {
      const { UserPoolId } = given;
      await poolOf(UserPoolId, room);
      const { page, next } = pageOf(await room.pools.clientsOf(UserPoolId), given, ({ id }) => id);
      return {
        UserPoolClients: page.map(({ id, name }) => ({
          ClientId: id,
          ClientName: name,
          UserPoolId,
        })),
        ...next,
      };
    }),
    DescribeUserPoolClient: describeClient(room),
  };
}

function describeClient(room: Room): Operation {
  const input = ofPool.extend({ ClientId: z.string() });
  return signedOperation(input, async ({ UserPoolId, ClientId }) => {
    const { client } = await room.pools.client(ClientId);
    if (client.poolId === UserPoolId) return { UserPoolClient: clientView(client) };
    throw new CognitoException(
      'ResourceNotFoundException',
      `User pool client ${ClientId} does not exist.`,
    );
  });
}

/** A client as operators see it, its secret among the rest. */
export function clientView(client: PoolClient): JsonObject {
  return {
    ClientId: client.id,
    ClientName: client.name,
    UserPoolId: client.poolId,
    ...(client.secret !== undefined && { ClientSecret: client.secret }),
    ExplicitAuthFlows: [...client.authFlows],
    AccessTokenValidity: client.accessTokenValidity / MINUTE,
    IdTokenValidity: client.idTokenValidity / MINUTE,
    RefreshTokenValidity: client.refreshTokenValidity / MINUTE,
    TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
    PreventUserExistenceErrors: client.preventUserExistenceErrors ? 'ENABLED' : 'LEGACY',
    AuthSessionValidity: client.authSessionValidity / MINUTE,
    RefreshTokenRotation: {
      Feature: client.rotateRefreshTokens ? 'ENABLED' : 'DISABLED',
      ...(client.rotationGrace > 0 && { RetryGracePeriodSeconds: client.rotationGrace }),
    },
    EnableTokenRevocation: true,
    ...oauthView(client.oauth),
    ...(client.readable && { ReadAttributes: client.readable }),
    ...(client.writable && { WriteAttributes: client.writable }),
    ...client.kept,
  };
}
