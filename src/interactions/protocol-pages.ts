import type { Context } from 'koa';
import type { FaultPage } from '../http/fault-answer.ts';
import { requestIdOf } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import type { ProtocolPages } from '../provider/contract.ts';
import { clientCard } from './cards.ts';
import { createShowPage } from './pages.ts';

/** What no app has done wrong has the same words as at any other place. */
const KIND_OF: Readonly<Record<number, FaultPage['kind']>> = {
  404: 'not-found',
  429: 'overloaded',
  500: 'internal',
  503: 'unavailable',
};

/** The pages at the engine's own endpoints. */
export function createProtocolPages(renderer: Renderer): ProtocolPages {
  const show = createShowPage(renderer);
  return {
    async problem(ctx, { error, description, status }) {
      const manner = { status, uiLocales: uiLocalesOf(ctx) };
      const requestId = requestIdOf(ctx);
      const kind = KIND_OF[status];
      if (kind === undefined) await show(ctx, 'problem', { error, description, requestId }, manner);
      else await show(ctx, 'fault', { kind, requestId }, manner);
    },
    async confirmSignOut(ctx, { action, xsrf, client }) {
      const page = { action, xsrf, clientName: client?.name ?? '' };
      await show(ctx, 'sign-out', page, { uiLocales: uiLocalesOf(ctx) });
    },
    async switchAccount(ctx, { action, xsrf }) {
      await show(ctx, 'switch-account', { action, xsrf });
    },
    async enterDeviceCode(ctx, page) {
      const { status } = ctx;
      await show(ctx, 'device', page, { status: status === 429 ? status : 200 });
    },
    async confirmDevice(ctx, { action, xsrf, code, client }) {
      await show(ctx, 'device-confirm', { action, xsrf, code, client: clientCard(client) });
    },
    async deviceConnected(ctx, { client }) {
      await show(ctx, 'device-done', { clientName: client?.name ?? '' });
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
