import type { Router } from '@koa/router';
import type { House } from '../../capability.ts';
import type { FurtherGrant } from '../../provider/further-grant.ts';
import { createApiRoutes } from './api-routes.ts';
import { createDatabaseEndpoints } from './database-endpoints.ts';
import { createLetterbox } from './letterbox.ts';
import { createMfaEndpoints } from './mfa-endpoints.ts';
import { createMfaGrants } from './mfa-grants.ts';
import { createMfaTokens } from './mfa-tokens.ts';
import { createPasswordGrants } from './password-grants.ts';
import { createOtpGrant, createPasswordlessStart } from './passwordless.ts';
import { connectionIsOff } from './refusals.ts';
import type { Room } from './room.ts';

/** The Authentication API beside what is OpenID Connect: ways to sign in without a page of ours. */
export interface AuthenticationApi {
  readonly grants: readonly FurtherGrant[];
  readonly router: Router;
}

export function createAuthenticationApi(
  house: House,
  own: Pick<
    Room,
    'tenant' | 'clients' | 'connection' | 'emailConfirmation' | 'limits' | 'metadata'
  >,
): AuthenticationApi {
  const { tenant, clients } = own;
  const room: Room = {
    ...house,
    ...own,
    mfaTokens: createMfaTokens(house.state, tenant.name),
    letterbox: createLetterbox({ ...house, ...own }),
  };
  const endpoints = [
    ...createMfaEndpoints(room),
    ...createDatabaseEndpoints(room),
    createPasswordlessStart(room),
  ];
  return {
    grants: [...createPasswordGrants(room), ...createMfaGrants(room), createOtpGrant(room)].map(
      (grant) => forEnabled(grant, room),
    ),
    router: createApiRoutes(endpoints, clients),
  };
}

/** `grant` for applications that sign people in. Nobody learns by another whether what they typed was right. */
function forEnabled(grant: FurtherGrant, { connection }: Room): FurtherGrant {
  return {
    ...grant,
    async prove(request) {
      if (!(await connection.isEnabledFor(request.clientId))) throw connectionIsOff();
      return await grant.prove(request);
    },
  };
}
