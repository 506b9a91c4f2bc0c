import type { Context } from 'koa';
import type { JsonObject } from '../runtime/json.ts';

/**
 * What the passkey script of a page is told: the options for `navigator.credentials`. Undefined: none is asked for
 * here, or another request of the browser was faster; the script then says that the passkey was not used.
 */
export function answerScript(ctx: Context, options: JsonObject | undefined): void {
  ctx.status = options === undefined ? 409 : 200;
  ctx.type = 'json';
  ctx.body = options ?? { error: 'no_passkey_asked' };
}
