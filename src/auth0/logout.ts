import { Router } from '@koa/router';
import { decodeJwt } from 'jose';
import type { Context } from 'koa';
import type { Clients } from '../clients/clients.ts';
import type { BrowserSessions } from '../provider/contract.ts';

interface LogoutOptions {
  readonly clients: Pick<Clients, 'find'>;
  readonly sessions: Pick<BrowserSessions, 'end'>;
  /** Where people may be led to when no client is named. */
  readonly allowedLogoutUrls: readonly string[];
}

/**
 * Sign-out as Auth0 has it: at once, without asking. Any page can so sign people out of here; that is what
 * applications of Auth0's count on, and all that a stranger gains. Where people are led to afterwards is registered.
 */
export function createLogoutRoutes(options: LogoutOptions): Router {
  const leave = async (ctx: Context, to: Destination): Promise<void> => {
    const { target, clientId } = to;
    const allowed = await allowedFor(clientId, options);
    if (target !== undefined && !isAllowed(target, allowed)) {
      refuse(ctx, target);
      return;
    }
    await options.sessions.end(ctx);
    ctx.set('Cache-Control', 'no-store');
    if (target === undefined) ctx.body = 'OK';
    else ctx.redirect(withState(target, to.state));
  };
  return new Router({ sensitive: true, strict: true })
    .get('/v2/logout', (ctx) =>
      leave(ctx, { target: one(ctx, 'returnTo'), clientId: one(ctx, 'client_id') }),
    )
    .get('/oidc/logout', (ctx) =>
      leave(ctx, {
        target: one(ctx, 'post_logout_redirect_uri'),
        clientId: one(ctx, 'client_id') ?? audienceOf(one(ctx, 'id_token_hint')),
        state: one(ctx, 'state'),
      }),
    );
}

interface Destination {
  readonly target: string | undefined;
  readonly clientId: string | undefined;
  readonly state?: string | undefined;
}

function one({ query }: Context, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function allowedFor(
  clientId: string | undefined,
  { clients, allowedLogoutUrls }: LogoutOptions,
): Promise<readonly string[]> {
  if (clientId === undefined) return allowedLogoutUrls;
  const uris = (await clients.find(clientId))?.metadata['post_logout_redirect_uris'];
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}

/** Query and fragment do not count, as at Auth0. */
function isAllowed(target: string, allowed: readonly string[]): boolean {
  return URL.canParse(target) && (allowed.includes(target) || allowed.includes(bare(target)));
}

function bare(target: string): string {
  return target.replace(/[?#].*$/s, '');
}

function withState(target: string, state: string | undefined): string {
  if (state === undefined) return target;
  const url = new URL(target);
  url.searchParams.set('state', state);
  return url.href;
}

/** Which client it is about, no more: nothing is let in by it. */
function audienceOf(idToken: string | undefined): string | undefined {
  try {
    const { aud } = decodeJwt(idToken ?? '');
    return typeof aud === 'string' ? aud : undefined;
  } catch {
    return undefined;
  }
}

function refuse(ctx: Context, target: string): void {
  ctx.status = 400;
  ctx.type = 'text';
  ctx.body = `The "returnTo" address ${JSON.stringify(bare(target).slice(0, 200))} is not among the allowed logout URLs of the application.`;
}
