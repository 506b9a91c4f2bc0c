import type { Router } from '@koa/router';
import { createBearer } from './bearer.ts';
import type { ManagementRoom } from './room.ts';
import { createManagementRoutes } from './routes.ts';
import { userRoutes } from './users.ts';

/** The Management API of a tenant (`/api/v2`). */
export function createManagement(room: ManagementRoom): Router {
  return createManagementRoutes([...userRoutes(room)], createBearer(room));
}
