import { exportJob } from './export-job.ts';
import type { ExportLinks } from './export-links.ts';
import { importJob } from './import-job.ts';
import { jobView, type Jobs } from './jobs.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { verificationJob } from './verification-job.ts';

/** `/jobs` */
export function jobRoutes(
  room: ManagementRoom,
  { jobs, links }: { readonly jobs: Jobs; readonly links: Pick<ExportLinks, 'make'> },
): readonly ManagementRoute[] {
  const scopes = ['create:users', 'read:users', 'update:users'];
  return [
    importJob(room, jobs),
    exportJob(room, jobs),
    verificationJob(room, jobs),
    {
      method: 'get',
      path: '/jobs/:id',
      scopes,
      async run({ caller, param }) {
        const job = await jobs.find(param('id'));
        // Who may make users may not read all of them by that.
        const isForThem = job.export !== undefined && caller.scopes.has('read:users');
        return {
          ...jobView(job, 'completed'),
          ...(isForThem && { location: await links.make(job) }),
        };
      },
    },
    {
      method: 'get',
      path: '/jobs/:id/errors',
      scopes,
      async run(call) {
        const { errors } = await jobs.find(call.param('id'));
        return errors.length === 0 ? undefined : errors;
      },
    },
  ];
}
