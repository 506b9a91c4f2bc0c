import { readFile } from 'node:fs/promises';
import { listen, type Listener } from './listener.ts';

/** The build that a `<script>` loads. */
const LIBRARY = new URL('../browser/oidc-client-ts.min.js', import.meta.resolve('oidc-client-ts'));

const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Browser app</title><link rel="icon" href="data:,"></head>
  <body><h1>Browser app</h1><script src="/oidc-client-ts.js"></script><script src="/app.js"></script></body>
</html>`;

/** A browser app that holds its tokens itself: static files, no server side. */
export interface Spa extends Listener {
  readonly callback: string;
}

/** What the library is told beside where the app and its issuer are. */
export interface SpaOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly host?: string;
}

/** Serves an app on a loopback origin of its own; its `manager` is a global of the page. */
export async function startSpa(options: SpaOptions): Promise<Spa> {
  const library = await readFile(LIBRARY);
  const { host = 'localhost' } = options;
  const server = await listen(
    (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://app');
      const isScript = pathname.endsWith('.js');
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      if (pathname === '/oidc-client-ts.js') response.end(library);
      else response.end(pathname === '/app.js' ? appOf(options) : PAGE);
    },
    { host },
  );
  return { ...server, callback: `${server.url}/callback` };
}

function appOf({ issuer, clientId, settings }: SpaOptions): string {
  const given = { authority: issuer, client_id: clientId, ...settings };
  return `
const { origin } = location;
const settings = {
  redirect_uri: origin + '/callback',
  post_logout_redirect_uri: origin + '/',
  scope: 'openid profile email offline_access',
  loadUserInfo: true,
  automaticSilentRenew: false,
  ...${JSON.stringify(given)},
};
var manager = new oidc.UserManager(settings);
if (location.pathname === '/callback') manager.signinCallback().then(
  (user) => { if (user) history.replaceState({}, '', '/signed-in'); },
  (error) => { document.body.append(String(error)); },
);`;
}
