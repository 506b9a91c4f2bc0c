import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Router } from '@koa/router';
import type { Context } from 'koa';
import { sha256 } from '../../runtime/digest.ts';
import { randomId } from '../../runtime/random.ts';
import { exportedUsers } from './export-file.ts';
import type { ExportWish, Job, Jobs } from './jobs.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';

/** As long as Auth0's are good: whoever comes later asks for the job again. */
const GOOD_SECONDS = 60;
const TOKEN_BYTES = 32;

/** Links to files of users, for whoever has one, as often as they like for a minute. */
export interface ExportLinks {
  make(job: Pick<Job, 'id'>): Promise<string>;
  /** Where they lead. */
  readonly router: Router;
}

/** At the origin of the tenant. The state knows links by their hash alone. */
export function createExportLinks(room: ManagementRoom, jobs: Jobs): ExportLinks {
  const { state, tenant } = room;
  const keyOf = (token: string): string => `auth0:${tenant.name}:export:${sha256(token)}`;

  async function wishBehind(token: string): Promise<ExportWish | undefined> {
    const entry = await state.get(keyOf(token));
    return typeof entry?.value === 'string' ? (await jobs.find(entry.value)).export : undefined;
  }

  const router = new Router({ sensitive: true, strict: true });
  router.get('/exports/:token', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    const wish = await wishBehind(String(ctx['params']['token']));
    if (wish === undefined) refuse(ctx);
    else send(ctx, wish, room);
  });
  return {
    router,
    async make({ id }) {
      const token = randomId(TOKEN_BYTES, 'export');
      await state.put(keyOf(token), id, { ttlSeconds: GOOD_SECONDS });
      return `${tenant.issuer}exports/${token}`;
    },
  };
}

function send(ctx: Context, wish: ExportWish, room: ManagementRoom): void {
  ctx.type = 'application/gzip';
  ctx.attachment(`users.${wish.format}.gz`);
  // What goes wrong with one stream ends the other; of that of the answer Koa takes care.
  ctx.body = pipeline(Readable.from(exportedUsers(wish, room)), createGzip(), () => undefined);
}

function refuse(ctx: Context): void {
  const message = 'The link is good for a minute: ask for the job again.';
  const problem = new ManagementProblem(404, { message, errorCode: 'inexistent_export' });
  ctx.status = problem.status;
  ctx.body = problem.toJson();
}
