import type { Context } from 'koa';
import { requestIdOf } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import type { ProtocolPages } from '../provider/contract.ts';
import { createShowPage } from './pages.ts';

/** The pages at the engine's own endpoints. */
export function createProtocolPages(renderer: Renderer): ProtocolPages {
  const show = createShowPage(renderer);
  return {
    async problem(ctx, { error, description, status }) {
      const page = { error, description, requestId: requestIdOf(ctx) };
      await show(ctx, 'problem', page, { status, uiLocales: uiLocalesOf(ctx) });
    },
    async confirmSignOut(ctx, { action, xsrf, client }) {
      const page = { action, xsrf, clientName: client?.name ?? '' };
      await show(ctx, 'sign-out', page, { uiLocales: uiLocalesOf(ctx) });
    },
    async signedOut(ctx, { client }) {
      const page = { clientName: client?.name ?? '', uri: client?.uri ?? '' };
      await show(ctx, 'signed-out', page, { uiLocales: uiLocalesOf(ctx) });
    },
  };
}

/** OpenID Connect RP-Initiated Logout section 2, and Core section 3.1.2.1. */
function uiLocalesOf(ctx: Context): readonly string[] {
  const { ui_locales: uiLocales } = ctx.query;
  return typeof uiLocales === 'string' ? uiLocales.split(' ') : [];
}
