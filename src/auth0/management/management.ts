import type { Router } from '@koa/router';
import type { LargerBodies } from '../../http/site.ts';
import { authenticationMethodRoutes } from './authentication-methods.ts';
import { createBearer, type ReadBearer } from './bearer.ts';
import { organizationInvitationRoutes } from './organization-invitations.ts';
import { organizationMemberRoleRoutes } from './organization-member-roles.ts';
import { organizationMemberRoutes } from './organization-members.ts';
import { organizationRoutes } from './organizations.ts';
import { clientGrantRoutes } from './client-grants.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes } from './connections.ts';
import { enrollmentRoutes } from './enrollments.ts';
import { createExportLinks } from './export-links.ts';
import { IMPORT_BYTES_MAX } from './import-job.ts';
import { jobRoutes } from './job-routes.ts';
import { createJobs } from './jobs.ts';
import { logRoutes } from './logs.ts';
import type { ManagementRoom } from './room.ts';
import { resourceServerRoutes } from './resource-servers.ts';
import { createManagementRoutes } from './routes.ts';
import { roleRoutes } from './roles.ts';
import { statsRoutes } from './stats.ts';
import { ticketRoutes } from './tickets.ts';
import { userBlockRoutes } from './user-blocks.ts';
import { userPermissionRoutes } from './user-permissions.ts';
import { userRoleRoutes } from './user-roles.ts';
import { userRoutes } from './users.ts';

/** A file of users is the largest that anybody may bring. */
export const MANAGEMENT_BODIES: LargerBodies = { under: '/api/v2/', bytes: IMPORT_BYTES_MAX };

/** The Management API of a tenant (`/api/v2`), and the files of users that it makes (`/exports`). */
export function createManagement(room: ManagementRoom): Router {
  const jobs = createJobs(room);
  const links = createExportLinks(room, jobs);
  const routes = [
    ...userRoutes(room),
    ...userRoleRoutes(room),
    ...userPermissionRoutes(room),
    ...userBlockRoutes(room),
    ...authenticationMethodRoutes(room),
    ...enrollmentRoutes(room),
    ...roleRoutes(room),
    ...organizationRoutes(room),
    ...organizationMemberRoutes(room),
    ...organizationMemberRoleRoutes(room),
    ...organizationInvitationRoutes(room),
    ...ticketRoutes(room),
    ...clientRoutes(room),
    ...clientGrantRoutes(room),
    ...resourceServerRoutes(room),
    ...connectionRoutes(room),
    ...logRoutes(room),
    ...statsRoutes(room),
    ...jobRoutes(room, { jobs, links }),
  ];
  const router = createManagementRoutes(routes, knowingApis(createBearer(room), room));
  return router.use(links.router.routes());
}

/** All that is done here may be about an API that another node has just made. */
function knowingApis(readBearer: ReadBearer, { catchUp }: ManagementRoom): ReadBearer {
  return async (authorization) => {
    const caller = await readBearer(authorization);
    await catchUp();
    return caller;
  };
}
