import type { Router } from '@koa/router';
import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { FurtherGrant } from '../../provider/further-grant.ts';
import type { TenantConfig } from '../config.ts';
import { createApiRoutes } from './api-routes.ts';
import { createMfaEndpoints } from './mfa-endpoints.ts';
import { createMfaGrants } from './mfa-grants.ts';
import { createMfaTokens } from './mfa-tokens.ts';
import { createPasswordGrants } from './password-grants.ts';

/** The Authentication API beside what is OpenID Connect: ways to sign in without a page of ours. */
export interface AuthenticationApi {
  readonly grants: readonly FurtherGrant[];
  readonly router: Router;
}

export function createAuthenticationApi(
  house: House,
  { tenant, clients }: { readonly tenant: TenantConfig; readonly clients: Clients },
): AuthenticationApi {
  const room = { ...house, tenant, clients, mfaTokens: createMfaTokens(house.state, tenant.name) };
  return {
    grants: [...createPasswordGrants(room), ...createMfaGrants(room)],
    router: createApiRoutes(createMfaEndpoints(room), clients),
  };
}
