import type { Context } from 'koa';
import { BadForm, readBody } from './form.ts';

/**
 * The body as JSON tells it, unchecked, of at most 16 KiB unless it is said otherwise; nothing is an empty object.
 *
 * @throws {BadForm} when it does not say that it is JSON, which a form of another site's page cannot, or is not.
 * @throws {FormTooLarge}
 */
export async function readJson(ctx: Context, bytesMax?: number): Promise<unknown> {
  if (ctx.request.type !== 'application/json') throw new BadForm('a body that is not JSON');
  const text = await readBody(ctx, bytesMax);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadForm('a body that is not JSON', { cause });
  }
}
