import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express, { type RequestHandler, type Request, type Response } from 'express';
import { attemptSilentLogin, auth, type ConfigParams } from 'express-openid-connect';
import { rolldown } from 'rolldown';
import { compatFile, compatFolder, requireCompat } from '../compat.ts';
import { withoutIcon } from './express-app.ts';
import { listen, type Listener } from './listener.ts';
import { startScriptApp } from './script-app.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,"></head>
  <body><h1>App</h1><script src="/auth0-spa-js.js"></script></body>
</html>`;

/** A browser app with auth0-spa-js: the global `auth0` of its page. */
export async function startAuth0Spa(port: number): Promise<Listener> {
  const library = await readFile(compatFile('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js'));
  return listen(
    (request, response) => {
      const isScript = request.url === '/auth0-spa-js.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? library : PAGE);
    },
    { host: 'localhost', port },
  );
}

/** A browser app with auth0-react, whose provider is given `options`. */
export async function startReactApp(port: number, options: object): Promise<Listener> {
  const bundle = await rolldown({
    input: join(compatFolder, 'react-app.mjs'),
    // Of "use client" and whatever else is for others.
    logLevel: 'silent',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  });
  const { output } = await bundle.generate({ format: 'esm' });
  const { code: script } = output[0];
  return await startScriptApp(port, { script, body: '<div id="app"></div>', options });
}

/**
 * A web app with express-openid-connect. Its defaults: an ID token by form post, and no secret. `/sign-up` leads to where
 * accounts are made, `/silent` signs in whoever is signed in there, and `/tokens` tells the tokens that it has, and what
 * they are renewed to.
 */
export async function startAuth0Web(
  port: number,
  {
    issuer,
    clientId,
    ...more
  }: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret?: string;
    readonly authorizationParams?: ConfigParams['authorizationParams'];
  },
): Promise<Listener> {
  const app = express();
  withoutIcon(app);
  app.use(
    auth({
      issuerBaseURL: issuer,
      baseURL: `http://localhost:${port}`,
      clientID: clientId,
      secret: 'of-the-cookies-of-a-test-and-of-nothing-else',
      authRequired: false,
      auth0Logout: true,
      ...more,
    }),
  );
  app.get('/tokens', async ({ oidc }: Request, response: Response) => {
    const { accessToken, refreshToken } = oidc;
    const renewed = await accessToken?.refresh();
    response.json({
      access: [accessToken?.access_token, renewed?.access_token],
      refresh: [refreshToken, oidc.refreshToken],
    });
  });
  app.get('/sign-up', (_request: Request, { oidc }: Response) =>
    oidc.login({
      returnTo: '/',
      authorizationParams: { ...more.authorizationParams, screen_hint: 'signup' },
    }),
  );
  app.get('/silent', attemptSilentLogin(), (_request: Request, response: Response) => {
    response.redirect('/');
  });
  app.get('/', ({ oidc }: Request, response: Response) => {
    response.json({ signedIn: oidc.isAuthenticated(), claims: oidc.idTokenClaims ?? {} });
  });
  return serve(app, port);
}

/** An API with express-oauth2-jwt-bearer. */
export async function startAuth0Api(options: {
  readonly issuer: string;
  readonly audience: string;
}): Promise<Listener> {
  const bearer: BearerModule = requireCompat('express-oauth2-jwt-bearer');
  const app = express();
  app.use(bearer.auth({ issuerBaseURL: options.issuer, audience: options.audience }));
  app.get('/messages', bearer.requiredScopes('read:messages'), (request, response) => {
    const { auth: verified }: { readonly auth?: { readonly payload: object } } = Object(request);
    response.json(verified?.payload);
  });
  return serve(app, 0);
}

interface BearerModule {
  auth(options: object): RequestHandler;
  requiredScopes(scopes: string): RequestHandler;
}

/**
 * A web app with passport-auth0, whose URLs are overridden since it writes https before a domain. What the query of
 * `/login` says goes along to the tenant; `/callback` tells who it is, with the access token.
 */
export async function startPassportApp(
  port: number,
  options: {
    readonly tenant: string;
    readonly clientId: string;
    readonly clientSecret: string;
  },
): Promise<Listener> {
  const passport: PassportModule = requireCompat('passport');
  const Strategy: StrategyClass = requireCompat('passport-auth0');
  const { tenant, clientId, clientSecret } = options;
  const strategy = new Strategy(
    {
      domain: new URL(tenant).host,
      clientID: clientId,
      clientSecret,
      callbackURL: `http://localhost:${port}/callback`,
      expectedIssuer: `${tenant}/`,
      authorizationURL: `${tenant}/authorize`,
      tokenURL: `${tenant}/oauth/token`,
      userInfoURL: `${tenant}/userinfo`,
    },
    (...[accessToken, , , profile, done]) => done(null, { ...profile, accessToken }),
  );
  passport.use(strategy);
  const app = express();
  const authenticate: RequestHandler = (request, ...others) => {
    const asked = { session: false, scope: 'openid email profile', ...request.query };
    passport.authenticate('auth0', asked)(request, ...others);
  };
  // The session of the one browser that comes here: state and nonce are held against it.
  const session = {};
  app.use((request, _response, next) => {
    Object.assign(request, { session });
    next();
  });
  app.get('/callback', authenticate, (request, response) => {
    const { user }: { readonly user?: object } = Object(request);
    response.json(user);
  });
  app.get('/login', authenticate);
  return serve(app, port);
}

type Done = (error: null, profile: object) => void;
type StrategyClass = new (
  options: object,
  verify: (
    ...given: readonly [access: string, refresh: string, told: object, profile: object, done: Done]
  ) => void,
) => object;
interface PassportModule {
  use(strategy: object): void;
  authenticate(strategy: string, options: object): RequestHandler;
}

async function serve(app: express.Express, port: number): Promise<Listener> {
  const server = app.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${taken}`,
    port: taken,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
