import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import { auth, requiresAuth } from 'express-openid-connect';
import type { Listener } from './listener.ts';

export interface ExpressAppOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Under which its session cookies are sealed. */
  readonly cookieSecret: string;
}

/**
 * A browser asks for it in its own time, and the middleware writes its session cookie with each answer: a session that
 * was just ended would come back.
 */
export function withoutIcon(app: Express): void {
  app.get('/favicon.ico', (_request, response) => void response.sendStatus(204));
}

/** An Express app behind Auth0's middleware, as its documentation has it. */
export async function startExpressApp(options: ExpressAppOptions): Promise<Listener> {
  const app = express();
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;
  withoutIcon(app);
  app.use(
    auth({
      issuerBaseURL: options.issuer,
      baseURL: url,
      clientID: options.clientId,
      clientSecret: options.clientSecret,
      secret: options.cookieSecret,
      authRequired: false,
      idpLogout: true,
      authorizationParams: {
        response_type: 'code',
        scope: 'openid profile email offline_access',
      },
    }),
  );
  app.get('/', ({ oidc }: Request, response: Response) => {
    response.json({ signedIn: oidc.isAuthenticated(), claims: oidc.idTokenClaims ?? {} });
  });
  app.get('/userinfo', requiresAuth(), async ({ oidc }: Request, response: Response) => {
    response.json(await oidc.fetchUserInfo());
  });
  app.get('/tokens', requiresAuth(), ({ oidc }: Request, response: Response) => {
    response.json({ access: oidc.accessToken?.access_token, refresh: oidc.refreshToken });
  });
  app.get('/refresh', requiresAuth(), async ({ oidc }: Request, response: Response) => {
    await oidc.accessToken?.refresh();
    response.redirect('/tokens');
  });
  return {
    url,
    port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
