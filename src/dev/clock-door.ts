import { Router } from '@koa/router';
import { z } from 'zod';
import { duration } from '../config/values.ts';
import type { MovableClock } from '../runtime/clock.ts';
import { BadOrder, createOrderGuard, readOrder } from './order.ts';

const PATH = '/dev/clock';
/** Long enough for whatever expires here, and short enough for a `Date` to hold. */
const AHEAD_YEARS_MAX = 20;
const YEAR_MS = 365 * 86_400_000;

const move = z.union([
  z.strictObject({ advance: duration('0s') }),
  z.strictObject({
    set: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  }),
]);

/** `GET` and `POST /dev/clock`: what time it is for this provider, and how it is put forward. */
export function createClockDoor(issuer: string, clock: MovableClock | undefined): Router {
  const router = new Router();
  router.use(createOrderGuard(issuer));

  router.get(PATH, (ctx) => {
    ctx.body = shown(movable(clock));
  });

  router.post(PATH, async (ctx) => {
    const moved = movable(clock);
    const order = await readOrder(ctx, move);
    const byMs = 'set' in order ? order.set - moved.nowMs() : order.advance * 1000;
    if (byMs < 0)
      throw new BadOrder(
        `It is ${iso(moved.nowMs())} here, and time does not go back: what has expired would live again.`,
      );
    if (moved.aheadMs() + byMs > AHEAD_YEARS_MAX * YEAR_MS)
      throw new BadOrder(`No further than ${AHEAD_YEARS_MAX} years from today.`);
    await moved.advance(byMs);
    ctx.body = shown(moved);
  });
  return router;
}

function movable(clock: MovableClock | undefined): MovableClock {
  if (clock) return clock;
  throw new BadOrder(
    'Redis and PostgreSQL keep time by themselves: the clock moves with storage.state.engine and storage.records.engine embedded.',
  );
}

function shown(clock: MovableClock): object {
  return { now: iso(clock.nowMs()), seconds: clock.now(), aheadSeconds: clock.aheadMs() / 1000 };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
