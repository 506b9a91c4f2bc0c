import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Origin } from '../runtime/origin.ts';
import type { CookieNames } from './cookies.ts';
import type { RequestScopes } from './request-scope.ts';
import type { Grants } from './store/grants.ts';

/** What signing out past the engine's own endpoint is made of. */
export interface EndSessionOptions {
  readonly provider: () => Provider;
  readonly scopes: RequestScopes;
  readonly cookies: CookieNames;
  readonly grants: Grants;
  readonly audit: Audit;
  readonly logger: Logger;
}

type Session = InstanceType<Provider['Session']>;

/** Ends the session of a browser as the engine's logout endpoint does once a person has said yes. */
export function createEndSession(options: EndSessionOptions): (ctx: Context) => Promise<boolean> {
  const { provider, scopes, audit } = options;

  async function end(ctx: Context): Promise<boolean> {
    const session = await provider().Session.get(ctx);
    const { accountId } = session;
    if (accountId === undefined) return false;
    await tellClients(session, accountId, options);
    await endGrants(session, options);
    await session.destroy();
    forgetCookie(ctx, options);
    const { origin } = scopes.current();
    audit.note({ type: 'sign_out', origin, accountId, clientId: undefined });
    return true;
  }

  return (ctx) => {
    const { origin }: { readonly origin?: Origin } = ctx.state;
    scopes.open(ctx.req, origin ?? { address: 'unknown' });
    return scopes.within(ctx.req, () => end(ctx));
  };
}

/** OpenID Connect Back-Channel Logout section 2.3. Who cannot be told does not keep a person signed in. */
async function tellClients(
  session: Session,
  accountId: string,
  { provider, logger }: EndSessionOptions,
): Promise<void> {
  const told = Object.keys(session.authorizations ?? {}).map(async (clientId) => {
    const client = await provider().Client.find(clientId);
    if (client?.backchannelLogoutUri === undefined) return;
    try {
      // The engine's types do not name it.
      const { backchannelLogout }: Telling = Object(client);
      await backchannelLogout?.call(client, accountId, session.sidFor(clientId));
    } catch (caught) {
      const error = caught instanceof Error ? caught : new Error(String(caught));
      logger.warn(
        { event: 'backchannel_logout.failed', clientId, error },
        'a client could not be told that a session ended',
      );
    }
  });
  await Promise.all(told);
}

interface Telling {
  readonly backchannelLogout?: (accountId: string, sid: string | undefined) => Promise<void>;
}

/** But for those of clients that were let go on without it (`offline_access`). */
async function endGrants(session: Session, { grants }: EndSessionOptions): Promise<void> {
  const ended = Object.entries(session.authorizations ?? {}).map(
    async ([clientId, { grantId }]) => {
      const persists = session.authorizationFor(clientId)?.persistsLogout === true;
      if (grantId !== undefined && !persists) await grants.end(grantId, 'sign_out');
    },
  );
  await Promise.all(ended);
}

function forgetCookie(ctx: Context, { cookies }: EndSessionOptions): void {
  const flags = { httpOnly: true, signed: false, secure: cookies.session.startsWith('__Host-') };
  // `secure` alone makes Koa refuse behind a proxy that speaks https for us.
  ctx.cookies.secure = flags.secure;
  for (const name of [cookies.session, `${cookies.session}.sig`])
    ctx.cookies.set(name, null, flags);
}
