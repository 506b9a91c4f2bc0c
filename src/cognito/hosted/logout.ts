import type { Context } from 'koa';
import type { BrowserSessions } from '../../provider/contract.ts';
import type { Pools } from '../pools.ts';
import type { ShowWrongRequest } from './wrong-request.ts';

/**
 * `GET /logout`: at once, without asking, as applications of Cognito's count on; any page can so sign somebody out
 * here. With `logout_uri` people are led there, with `redirect_uri` to the sign-in page; both are registered.
 */
export async function signOut(
  ctx: Context,
  {
    pools,
    sessions,
    showWrongRequest,
  }: {
    readonly pools: Pick<Pools, 'findClient'>;
    readonly sessions: BrowserSessions;
    readonly showWrongRequest: ShowWrongRequest;
  },
): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  const target = await targetOf(ctx, pools);
  if (target === undefined) {
    await showWrongRequest(
      ctx,
      'client_id must be an application, and logout_uri one of its logout URLs or redirect_uri one of its callback URLs',
    );
    return;
  }
  await sessions.end(ctx);
  ctx.redirect(target);
}

async function targetOf(
  { query, querystring }: Context,
  pools: Pick<Pools, 'findClient'>,
): Promise<string | undefined> {
  const { client } = (await pools.findClient(textOf(query['client_id']))) ?? {};
  const logoutUri = textOf(query['logout_uri']);
  if (logoutUri !== '') {
    if (client?.oauth.logoutUrls.includes(logoutUri) !== true) return undefined;
    const state = textOf(query['state']);
    return state === '' ? logoutUri : withState(logoutUri, state);
  }
  const isKnown = client?.oauth.callbackUrls.includes(textOf(query['redirect_uri'])) === true;
  return isKnown ? `/login?${querystring}` : undefined;
}

function withState(uri: string, state: string): string {
  const url = new URL(uri);
  url.searchParams.set('state', state);
  return url.href;
}

function textOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
