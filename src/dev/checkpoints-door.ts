import { Router } from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Checkpoints } from './checkpoints.ts';
import { BadOrder, createOrderGuard, readOrder } from './order.ts';

const SNAPSHOT = '/dev/snapshot';
const RESTORE = '/dev/restore';
const RESET = '/dev/reset';

/** Orders for which every other request waits. */
export const CHECKPOINT_PATHS: ReadonlySet<string> = new Set([SNAPSHOT, RESTORE, RESET]);

const wish = z.strictObject({ snapshot: z.string() });

/** `POST /dev/snapshot`, `/dev/restore` and `/dev/reset`: the whole provider as it was at another moment. */
export function createCheckpointsDoor(
  issuer: string,
  checkpoints: Checkpoints | undefined,
): Router {
  const router = new Router();
  router.use(createOrderGuard(issuer));

  router.post(SNAPSHOT, async (ctx: Context) => {
    ctx.body = { snapshot: await known(checkpoints).take() };
  });

  router.post(RESTORE, async (ctx: Context) => {
    const { snapshot } = await readOrder(ctx, wish);
    if (!(await known(checkpoints).restore(snapshot)))
      throw new BadOrder(
        `There is no snapshot ${snapshot}: ${SNAPSHOT} tells the name of one it makes, and the newest 20 are kept.`,
      );
    ctx.body = { snapshot };
  });

  router.post(RESET, async (ctx: Context) => {
    await known(checkpoints).reset();
    ctx.body = {};
  });
  return router;
}

function known(checkpoints: Checkpoints | undefined): Checkpoints {
  if (checkpoints) return checkpoints;
  throw new BadOrder(
    'Snapshots are for storage.state.engine and storage.records.engine embedded: Redis and PostgreSQL are not ours to set back.',
  );
}
