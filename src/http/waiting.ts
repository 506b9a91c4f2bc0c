import type { Context } from 'koa';

const MINUTE = 60;

/** That somebody has to wait, in the unit that a person would use. */
export interface Waiting {
  readonly kind: 'throttled';
  readonly unit: 'seconds' | 'minutes';
  /** Rounded up. */
  readonly count: number;
}

/** Too many tries: the answer says when to come again, for programs and for people. */
export function waiting(ctx: Context, retryAfterSeconds: number): Waiting {
  ctx.set('Retry-After', String(retryAfterSeconds));
  return retryAfterSeconds < 2 * MINUTE
    ? { kind: 'throttled', unit: 'seconds', count: Math.max(1, Math.ceil(retryAfterSeconds)) }
    : { kind: 'throttled', unit: 'minutes', count: Math.ceil(retryAfterSeconds / MINUTE) };
}
