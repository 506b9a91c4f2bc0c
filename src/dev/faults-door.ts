import { Router } from '@koa/router';
import { z } from 'zod';
import { interval } from '../config/values.ts';
import type { PlannedFault, PlannedFaults } from '../http/planned-faults.ts';
import { BadOrder, createOrderGuard, readOrder } from './order.ts';

const PATH = '/dev/faults';
const PLANNED_MAX = 100;
const DELAY_SECONDS_MAX = 60;
/** JSON that breaks off, whatever was asked for. */
const MALFORMED = '{"keys": [{"kty": "RSA", ';

const wish = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'expected a path such as "/token"' })
    .refine((path) => !path.startsWith('/dev/'), { error: 'the doors under /dev do not fail' }),
  times: z.int().min(1).max(1000).default(1),
  status: z.int().min(400).max(599).optional(),
  body: z.literal('malformed').optional(),
  delay: interval('0ms', { min: 0, max: DELAY_SECONDS_MAX }),
});

/** `/dev/faults`: what the next requests at an endpoint meet in place of their answer, or before it. */
export function createFaultsDoor(issuer: string, faults: PlannedFaults): Router {
  const router = new Router();
  router.use(createOrderGuard(issuer));

  router.get(PATH, (ctx) => {
    ctx.body = faults.list().map(shown);
  });

  router.post(PATH, async (ctx) => {
    const { path, times, status, body, delay } = await readOrder(ctx, wish);
    if (status === undefined && body === undefined && delay === 0)
      throw new BadOrder('Say what goes wrong: status, body or delay.');
    if (faults.list().length >= PLANNED_MAX)
      throw new BadOrder(`${PLANNED_MAX} faults wait already: DELETE ${PATH} forgets them.`);
    faults.plan({ path, times, delayMs: delay * 1000, answer: answerOf(status, body) });
    ctx.body = faults.list().map(shown);
  });

  router.delete(PATH, (ctx) => {
    faults.clear();
    ctx.status = 204;
  });
  return router;
}

function answerOf(
  status: number | undefined,
  body: 'malformed' | undefined,
): PlannedFault['answer'] {
  if (body !== undefined) return { status: status ?? 200, body: MALFORMED };
  if (status === undefined) return undefined;
  return { status, body: JSON.stringify({ error: 'planned_fault' }) };
}

function shown({ path, times, answer, delayMs }: PlannedFault): object {
  return { path, times, status: answer?.status, delaySeconds: delayMs / 1000 };
}
