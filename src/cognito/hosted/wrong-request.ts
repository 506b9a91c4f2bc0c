import type { Context } from 'koa';
import { languagesOf, requestIdOf, sendPage } from '../../http/page.ts';
import type { Renderer } from '../../http/renderer.ts';

/** Tells somebody, in the language of the request, that their application sent them here in vain. */
export type ShowWrongRequest = (ctx: Context, description: string) => Promise<void>;

/** Nothing leads back to the application: nobody knows yet which one it is. */
export function createShowWrongRequest(renderer: Renderer): ShowWrongRequest {
  return async (ctx, description) => {
    const page = { error: 'invalid_request', description, requestId: requestIdOf(ctx) };
    const asked = new URLSearchParams(ctx.querystring).getAll('lang');
    const html = await renderer.render('problem', page, languagesOf(ctx, asked));
    sendPage(ctx, html, { status: 400 });
  };
}
