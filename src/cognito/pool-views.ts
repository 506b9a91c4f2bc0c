import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './admin-users.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool, PoolClient } from './pool.ts';
import type { Room } from './room.ts';

const MINUTE = 60;
const ofPool = z.object({ UserPoolId: z.string() });
const page = z.object({ MaxResults: z.int().min(1).max(60).default(60) });
const DOMAINS = { prefix: 'Domain', custom: 'CustomDomain' } as const;
const MFA = { off: 'OFF', optional: 'OPTIONAL', on: 'ON' } as const;

/** What operators read of pools and their clients. */
export function poolViewOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    ListUserPools: signedOperation(page, async ({ MaxResults }) => ({
      UserPools: (await room.pools.list())
        .slice(0, MaxResults)
        .map(({ id: Id, name: Name }) => ({ Id, Name })),
    })),
    DescribeUserPool: signedOperation(ofPool, async ({ UserPoolId }) => {
      const pool = await poolOf(UserPoolId, room);
      const domains = await room.domains.ofPool(pool.id);
      const names = domains.map(({ kind, name }) => [DOMAINS[kind], name] as const);
      return { UserPool: { ...poolView(pool), ...Object.fromEntries(names) } };
    }),
    GetUserPoolMfaConfig: signedOperation(ofPool, async ({ UserPoolId }) => {
      const { mfa } = await poolOf(UserPoolId, room);
      return {
        MfaConfiguration: MFA[mfa],
        SoftwareTokenMfaConfiguration: { Enabled: mfa !== 'off' },
      };
    }),
    ListUserPoolClients: signedOperation(ofPool, async ({ UserPoolId }) => {
      await poolOf(UserPoolId, room);
      const clients = await room.pools.clientsOf(UserPoolId);
      return {
        UserPoolClients: clients.map(({ id, name }) => ({
          ClientId: id,
          ClientName: name,
          UserPoolId,
        })),
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

/** A pool as operators see it. */
export function poolView(pool: Pool): JsonObject {
  const { minimumLength, requireUppercase, requireLowercase, requireNumbers, requireSymbols } =
    pool.passwordPolicy;
  return {
    Id: pool.id,
    Name: pool.name,
    MfaConfiguration: MFA[pool.mfa],
    AutoVerifiedAttributes: pool.autoVerifyEmail ? ['email'] : [],
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: !pool.selfSignUp },
    ...(pool.signInBy === 'email' && { UsernameAttributes: ['email'] }),
    ...(pool.signInBy === 'both' && { AliasAttributes: ['email'] }),
    UsernameConfiguration: { CaseSensitive: false },
    Policies: {
      PasswordPolicy: {
        MinimumLength: minimumLength,
        RequireUppercase: requireUppercase,
        RequireLowercase: requireLowercase,
        RequireNumbers: requireNumbers,
        RequireSymbols: requireSymbols,
      },
    },
    SchemaAttributes: pool.attributes.map(({ name, type, mutable }) => ({
      Name: `custom:${name}`,
      AttributeDataType: type,
      Mutable: mutable,
      Required: false,
    })),
  };
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
    RefreshTokenRotation: { Feature: client.rotateRefreshTokens ? 'ENABLED' : 'DISABLED' },
    EnableTokenRevocation: true,
  };
}
