import { Router } from '@koa/router';
import type { Context } from 'koa';
import { readForm } from '../http/form.ts';
import { languagesOf, sendPage } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { Clock } from '../runtime/clock.ts';
import { equalSecrets } from '../runtime/digest.ts';
import { createRelyingParty } from './relying-party.ts';
import { createTryActions } from './try-actions.ts';
import { createTrySessions, type TrySession, type TrySessions } from './try-session.ts';
import { createTryView, type TryPage } from './try-view.ts';

export interface TryPageOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly apis: TryPage['apis'];
  readonly renderer: Renderer;
  readonly clock: Clock;
}

const HOME = '/try';
const COOKIE = 'latchkey-try';
const SCOPE = 'openid profile email offline_access';

/** A relying party that shows what it gets. Everything it does, it does over HTTP like any other. */
export function createTryPage({ issuer, clientId, apis, renderer, clock }: TryPageOptions): Router {
  const sessions = createTrySessions(clock);
  const party = createRelyingParty({
    issuer,
    clientId,
    redirectUri: `${issuer}${HOME}/callback`,
    postLogoutRedirectUri: `${issuer}${HOME}`,
  });
  const actions = createTryActions(party);
  const jwksUri = async (): Promise<string> => (await party.endpoints()).jwks_uri ?? '';
  const view = createTryView({ issuer, clientId, apis, jwksUri });

  async function show(ctx: Context, session: TrySession, problem = ''): Promise<void> {
    sendPage(ctx, await renderer.render('try', await view(session, problem), languagesOf(ctx)));
  }

  const router = new Router();
  router.use(createSameOriginGuard(issuer));
  router.get('/', (ctx) => seeOther(ctx, HOME));
  router.get(HOME, (ctx) => show(ctx, sessionOf(ctx, sessions)));

  router.post(`${HOME}/sign-in`, async (ctx) => {
    const session = sessionOf(ctx, sessions);
    const form = await readOwnForm(ctx, session);
    const api = apis.find(({ identifier }) => identifier === form.get('resource'));
    const resource = api?.identifier ?? '';
    const prompt = form.get('again') === 'yes' ? 'login consent' : 'consent';
    const scope = [SCOPE, ...(api?.scopes ?? [])].join(' ');
    const { url, pending } = await party.begin({ scope, resource, prompt });
    session.pending = pending;
    seeOther(ctx, url.href);
  });

  router.get(`${HOME}/callback`, async (ctx) => {
    const session = sessionOf(ctx, sessions);
    const { pending } = session;
    session.pending = undefined;
    const callback = new URL(`${issuer}${ctx.url}`);
    const problem = pending ? await actions.complete(session, callback, pending) : '';
    await (problem === '' ? seeOther(ctx, HOME) : show(ctx, session, problem));
  });

  router.post(`${HOME}/:action`, async (ctx) => {
    const session = sessionOf(ctx, sessions);
    await readOwnForm(ctx, session);
    seeOther(ctx, (await actions.run(String(ctx.params['action']), session)) ?? HOME);
  });
  return router;
}

function sessionOf(ctx: Context, sessions: TrySessions): TrySession {
  const found = sessions.find(ctx.cookies.get(COOKIE));
  if (found) return found;
  const session = sessions.create();
  ctx.cookies.set(COOKIE, session.id, { httpOnly: true, sameSite: 'lax', path: HOME });
  return session;
}

async function readOwnForm(
  ctx: Context,
  session: TrySession,
): Promise<ReadonlyMap<string, string>> {
  const form = await readForm(ctx);
  if (!equalSecrets(form.get('xsrf') ?? '', session.xsrf)) ctx.throw(400);
  return form;
}

function seeOther(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.redirect(location);
}
