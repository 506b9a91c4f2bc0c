import { z } from 'zod';
import { exactly } from './exactly.ts';
import { type Jobs, jobView } from './jobs.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION_ID } from './user-view.ts';

const FIELDS_MAX = 100;
const LIMIT_MAX = 10_000_000;
const wanted = exactly({
  format: z.enum(['json', 'csv']).default('json'),
  connection_id: z.literal(CONNECTION_ID, { error: `is ${CONNECTION_ID} alone` }).optional(),
  limit: z.int().min(1).max(LIMIT_MAX).optional(),
  fields: z
    .array(
      exactly({
        name: z.string().regex(/^[\w.[\]:/-]{1,200}$/, { error: 'is no name of a field' }),
        export_as: z.string().min(1).max(200).optional(),
      }),
    )
    .min(1)
    .max(FIELDS_MAX)
    .optional(),
});

/** `POST /jobs/users-exports`: what is wanted is kept, and the file made when it is fetched, so that nobody's data lie about. */
export function exportJob({ audit }: ManagementRoom, jobs: Jobs): ManagementRoute {
  return {
    method: 'post',
    path: '/jobs/users-exports',
    scopes: ['read:users'],
    async run(call) {
      const wish = await call.body(wanted);
      const { by, origin } = call.actor;
      await audit.record({ type: 'people.exported', by, origin });
      const job = await jobs.keep({ type: 'users_export', errors: [], export: wish });
      return jobView(job, 'pending');
    },
  };
}
