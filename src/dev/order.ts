import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { isLoopbackHost } from '../config/installation.ts';
import { BadForm } from '../http/form.ts';
import { readJson } from '../http/json-body.ts';
import { isCrossSite } from '../http/same-origin.ts';
import { LatchkeyError } from '../runtime/errors.ts';

/** An order that cannot be carried out; the message tells a developer why. */
export class BadOrder extends LatchkeyError {
  readonly code = 'ERR_BAD_ORDER';
}

/**
 * Who may give orders under `/dev`: programs on this machine, and pages of our own. The Host header was judged at the
 * front door, so that no name of a stranger leads here (DNS rebinding). What cannot be done is told in words.
 */
export function createOrderGuard(issuer: string): Middleware {
  const { origin } = new URL(issuer);
  return async (ctx, next) => {
    const isNear = isLoopbackHost((ctx.req.socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
    if (!isNear || isCrossSite(ctx.req, origin) || ctx.get('origin') === 'null') {
      refuse(ctx, 403, 'Only programs on this machine give orders here, no page of another site.');
      return;
    }
    try {
      await next();
    } catch (error) {
      if (!(error instanceof BadOrder)) throw error;
      refuse(ctx, 400, error.message);
    }
  };
}

/** The body as `schema` has it. @throws {BadOrder} with every mistake by its name. */
export async function readOrder<Order>(ctx: Context, schema: z.ZodType<Order>): Promise<Order> {
  const body = await readJson(ctx).catch((cause: unknown) => {
    if (!(cause instanceof BadForm)) throw cause;
    throw new BadOrder('Send JSON, as Content-Type: application/json.', { cause });
  });
  const { data, error } = schema.safeParse(body);
  if (error) throw new BadOrder(z.prettifyError(error));
  return data;
}

function refuse(ctx: Context, status: number, words: string): void {
  ctx.status = status;
  ctx.body = { error: 'invalid_request', error_description: words };
}
