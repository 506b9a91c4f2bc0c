import type { Router } from '@koa/router';
import type { House } from '../../capability.ts';
import type { FurtherGrant } from '../../provider/further-grant.ts';
import { createEmailConfirmation } from '../email-confirmation.ts';
import { createApiRoutes } from './api-routes.ts';
import { createDatabaseEndpoints } from './database-endpoints.ts';
import { createLetterbox } from './letterbox.ts';
import { createMfaEndpoints } from './mfa-endpoints.ts';
import { createMfaGrants } from './mfa-grants.ts';
import { createMfaTokens } from './mfa-tokens.ts';
import { createPasswordGrants } from './password-grants.ts';
import { createOtpGrant, createPasswordlessStart } from './passwordless.ts';
import type { Room } from './room.ts';

/** The Authentication API beside what is OpenID Connect: ways to sign in without a page of ours. */
export interface AuthenticationApi {
  readonly grants: readonly FurtherGrant[];
  readonly routers: readonly Router[];
}

export function createAuthenticationApi(
  house: House,
  own: Pick<Room, 'tenant' | 'clients' | 'limits' | 'metadata'>,
): AuthenticationApi {
  const { tenant, clients } = own;
  const emailConfirmation = createEmailConfirmation(house, tenant);
  const room: Room = {
    ...house,
    ...own,
    emailConfirmation,
    mfaTokens: createMfaTokens(house.state, tenant.name),
    letterbox: createLetterbox({ ...house, ...own }),
  };
  const endpoints = [
    ...createMfaEndpoints(room),
    ...createDatabaseEndpoints(room),
    createPasswordlessStart(room),
  ];
  return {
    grants: [...createPasswordGrants(room), ...createMfaGrants(room), createOtpGrant(room)],
    routers: [createApiRoutes(endpoints, clients), emailConfirmation.router],
  };
}
