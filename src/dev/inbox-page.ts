import { Router } from '@koa/router';
import type { Context } from 'koa';
import { languagesOf, sendPage } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { Inbox, InboxLetter } from '../mail/inbox.ts';

/** Where developers read what would have been sent. */
export const INBOX = '/dev/inbox';

const POLICY = 'Content-Security-Policy';
/** A letter brings its own styles and nothing else, and is shown by our page alone. */
const LETTER_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

export interface InboxPageOptions {
  readonly issuer: string;
  readonly renderer: Renderer;
  readonly inbox: Inbox;
}

/** The inbox as pages for people, and as `/dev/inbox.json` for tests. */
export function createInboxPage({ issuer, renderer, inbox }: InboxPageOptions): Router {
  const show = async (ctx: Context, page: string, data: object): Promise<void> =>
    sendPage(ctx, await renderer.render(page, data, languagesOf(ctx)));

  const router = new Router();
  router.use(createSameOriginGuard(issuer));

  router.get(INBOX, async (ctx) => show(ctx, 'inbox', { letters: await inbox.list() }));

  router.get(`${INBOX}.json`, async (ctx) => {
    const { to } = ctx.query;
    const letters = await inbox.list(typeof to === 'string' ? to : undefined);
    ctx.body = letters.map(shown);
  });

  router.delete(INBOX, async (ctx) => {
    await inbox.clear();
    ctx.status = 204;
  });

  router.post(`${INBOX}/clear`, async (ctx) => {
    await inbox.clear();
    ctx.status = 303;
    ctx.redirect(INBOX);
  });

  router.get(`${INBOX}/:id`, async (ctx) => {
    const letter = await inbox.find(String(ctx.params['id']));
    if (letter === undefined) return;
    ctx.set(POLICY, `${ctx.response.get(POLICY)}; frame-src 'self'`);
    await show(ctx, 'inbox-letter', { letter });
  });

  router.get(`${INBOX}/:id/html`, async (ctx) => {
    const letter = await inbox.find(String(ctx.params['id']));
    if (letter === undefined) return;
    ctx.set({ [POLICY]: LETTER_POLICY, 'X-Frame-Options': 'SAMEORIGIN' });
    ctx.type = 'html';
    ctx.body = letter.html;
  });
  return router;
}

/** A letter for a test: what it leads to and what to type are lists, so that none is an empty one. */
function shown({ id, to, name, subject, text, html, link, code, at }: InboxLetter): object {
  const [links, codes] = [link, code].map((one) => (one === '' ? [] : [one]));
  return { id, to, name, subject, text, html, links, codes, at };
}
