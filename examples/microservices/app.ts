/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 passes on what a handler rejects with */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type Response } from 'express';
import * as client from 'openid-client';
import { createSealedCookies } from './cookies.ts';
import { listen, type Listening } from './listening.ts';
import { AUDIENCE, SHOP, verifierFor } from './settings.ts';
import { startWatch, type Watch } from './watch.ts';

const PUBLIC = fileURLToPath(new URL('public', import.meta.url));
const TOKENS = 'tokens';
const SIGN_IN = 'signin';

export interface AppOptions {
  readonly issuer: string;
  readonly port: number;
  /** The boxes of the page beside the app's own. */
  readonly services: Readonly<Record<string, string>>;
}

/**
 * The backend for the browser (BFF): it signs people in, keeps their tokens in cookies that no script can read, and
 * calls the services for the page. The page never sees a token.
 */
export async function startApp({ issuer, port, services }: AppOptions): Promise<Listening> {
  const config = await client.discovery(new URL(issuer), SHOP.id, SHOP.secret, undefined, {
    execute: [client.allowInsecureRequests], // Plain http is for this machine only.
  });
  const origin = `http://localhost:${port}`;
  const cookies = createSealedCookies(origin.startsWith('https:'));
  const verifier = verifierFor(issuer);
  const watches = new Map<string, Watch>();
  const app = express();

  app.use(secured);
  app.post(/.*/, sameOriginOnly(origin));
  app.use(express.static(PUBLIC, { index: 'index.html' }));

  app.get('/sign-in', async (_request, response) => {
    const codeVerifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    await cookies.set(response, SIGN_IN, { codeVerifier, state });
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: `${origin}/callback`,
      scope: 'openid offline_access shop',
      resource: AUDIENCE,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
    });
    response.redirect(303, url.href);
  });

  app.get('/callback', async (request, response) => {
    const begun = await cookies.read(request, SIGN_IN);
    cookies.clear(response, SIGN_IN);
    if (begun === undefined) {
      response.redirect(303, '/');
      return;
    }
    const tokens = await client.authorizationCodeGrant(config, new URL(request.url, origin), {
      pkceCodeVerifier: String(begun['codeVerifier']),
      expectedState: String(begun['state']),
    });
    await keep(response, tokens);
    response.redirect(303, '/');
  });

  /** What the boxes say, as server-sent events. */
  app.get('/boxes', async (request, response) => {
    const kept = await cookies.read(request, TOKENS);
    // 204 tells an EventSource not to come again.
    if (kept === undefined) return void response.status(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const id = String(kept['id']);
    const watch = startWatch({
      token: String(kept['access']),
      urls: services,
      verifier,
      tell: (state) => void response.write(`data: ${JSON.stringify(state)}\n\n`),
    });
    watches.set(id, watch);
    response.once('close', () => {
      watch.end();
      if (watches.get(id) === watch) watches.delete(id);
    });
  });

  /** Takes back the access token, or with it all that the app was given (RFC 7009). */
  app.post('/revoke/:what', async (request, response) => {
    const kept = await cookies.read(request, TOKENS);
    if (kept === undefined) return void response.status(401).end();
    const what = request.params.what === 'grant' ? 'refresh' : 'access';
    const watch = watches.get(String(kept['id']));
    watch?.hasten();
    await client.tokenRevocation(config, String(kept[what]));
    watch?.revoked();
    response.status(204).end();
  });

  app.post('/refresh', async (request, response) => {
    const kept = await cookies.read(request, TOKENS);
    const tokens =
      kept &&
      (await client
        .refreshTokenGrant(config, String(kept['refresh']), { resource: AUDIENCE })
        .catch(() => undefined));
    if (tokens === undefined) {
      cookies.clear(response, TOKENS);
      return void response.status(401).end();
    }
    await keep(response, tokens);
    response.status(204).end();
  });

  async function keep(response: Response, tokens: client.TokenEndpointResponse): Promise<void> {
    const { access_token: access, refresh_token: refresh = '' } = tokens;
    await cookies.set(response, TOKENS, { id: randomUUID(), access, refresh });
  }

  return listen(app, { port, onClose: verifier.close });
}

function secured(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  });
  next();
}

/**
 * The defence against CSRF: a change must come from our own page. Browsers say in `Origin` where a POST comes from, and
 * another site can set a header of its own name only when we allow it, which we never do.
 */
function sameOriginOnly(origin: string) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const isOurs = request.get('origin') === origin && request.get('x-requested-by') === 'shop';
    if (isOurs) next();
    else response.status(403).end();
  };
}
