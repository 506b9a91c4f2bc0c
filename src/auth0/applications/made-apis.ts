import type { House } from '../../capability.ts';
import type { ApiSettings } from '../../clients/api-row.ts';
import { DeclaredInConfig, type ResourceServer } from '../../clients/clients.ts';
import { ApiExists } from '../../clients/kept-resource-servers.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { TenantApis } from '../apis.ts';
import type { TenantConfig } from '../config.ts';
import { fitting } from '../management/call.ts';
import { invalidBody } from '../management/problem.ts';
import { profileOf } from '../profiles.ts';
import { madeApi, type MadeApi } from './api-fields.ts';
import { ownScopesOf, without, type Applications } from './applications.ts';

/** APIs that the Management API of one tenant makes. They are in records, and tokens of this tenant alone are for them. */
export interface MadeApis {
  /** @throws {ManagementProblem} {ApiExists} */
  create(identifier: string, fields: JsonObject, actor: Actor): Promise<ResourceServer>;
  /** Undefined: the tenant has none. @throws {ManagementProblem} {DeclaredInConfig} */
  update(
    identifier: string,
    changes: JsonObject,
    actor: Actor,
  ): Promise<ResourceServer | undefined>;
  /** With what roles permit at it and applications may ask of it. @throws {DeclaredInConfig} */
  delete(identifier: string, actor: Actor): Promise<void>;
}

interface MadeApisOptions extends Pick<House, 'clients' | 'groups' | 'resourceServers'> {
  readonly tenant: TenantConfig;
  readonly applications: Pick<Applications, 'permit'>;
  /** Those of the tenant. */
  readonly tenantServers: TenantApis;
  /** Seconds: no access token may live longer. */
  readonly longestToken: number;
}

export function createMadeApis(options: MadeApisOptions): MadeApis {
  const { resourceServers, tenantServers, longestToken } = options;
  const { namespace } = profileOf(options.tenant);

  function settingsOf(before: JsonObject, changes: JsonObject): ApiSettings {
    const changed = fitting(madeApi, merged(before, changes));
    if (changed.token_lifetime !== undefined && changed.token_lifetime > longestToken)
      throw invalidBody(
        `'token_lifetime': may be ${longestToken} at most (revocation.longestToken)`,
      );
    return { ...settingsIn(changed), servedBy: namespace };
  }

  /** @throws {DeclaredInConfig} */
  function isOurs(identifier: string): boolean {
    const server = tenantServers.find(identifier);
    if (server !== undefined && server.servedBy === undefined)
      throw new DeclaredInConfig(
        `the configuration declares ${identifier}: change apis and auth0.tenants[].apis there`,
      );
    return server !== undefined;
  }

  return {
    async create(identifier, fields, actor) {
      const settings = settingsOf({}, fields);
      if (tenantServers.find(identifier) !== undefined)
        throw new ApiExists(`an API has the identifier ${identifier}`);
      return await resourceServers.create(identifier, settings, actor);
    },
    async update(identifier, changes, actor) {
      if (!isOurs(identifier)) return undefined;
      return await resourceServers.revise(
        identifier,
        ({ beside = {} }) => settingsOf(beside, changes),
        actor,
      );
    },
    async delete(identifier, actor) {
      if (!isOurs(identifier)) return;
      await forget(identifier, actor, options);
      await resourceServers.delete(identifier, actor);
    },
  };
}

/** An API that is made under the same name later must not find what was permitted at this one. */
async function forget(
  identifier: string,
  actor: Actor,
  { applications, clients, groups }: MadeApisOptions,
): Promise<void> {
  for (const client of await clients.list())
    if (client.policy.beside !== undefined && Object.hasOwn(ownScopesOf(client), identifier))
      await applications.permit(client.id, (before) => without(before, identifier), actor);
  for (const role of await groups.roles.list())
    if (role.api === identifier) await groups.roles.delete(role, actor);
  await groups.permissions.forget(identifier);
}

function settingsIn(made: MadeApi): Omit<ApiSettings, 'servedBy'> {
  const scopes = made.scopes ?? [];
  return {
    name: made.name,
    scopes: Object.fromEntries(scopes.map(({ value, description = '' }) => [value, description])),
    enforcePermissions: made.enforce_policies ?? false,
    signingAlgorithm: 'RS256',
    ...(made.token_lifetime !== undefined && { accessTokenTtlSeconds: made.token_lifetime }),
    beside: JSON.parse(JSON.stringify(made)),
  };
}

function merged(before: JsonObject, changes: JsonObject): JsonObject {
  const all = Object.entries({ ...before, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}
