// A web app that signs people in with Latchkey. Start Latchkey (`npm start`), then: node examples/first-client.ts
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as client from 'openid-client';

const issuer = new URL(process.env['ISSUER'] ?? 'http://localhost:4000');
const port = Number(process.env['PORT'] ?? 3000);
const app = `http://localhost:${port}`;
const secret = 'latchkey-dev-secret-not-for-production-0001';

// Plain http is for this machine only.
const config = await client.discovery(issuer, 'web', secret, undefined, {
  execute: [client.allowInsecureRequests],
});

/** What the app must remember of each sign-in until the browser comes back, by `state`. */
const pending = new Map<string, string>();

createServer((request, response) => void answer(request, response)).listen(port, '127.0.0.1', () =>
  process.stdout.write(`Open ${app}\n`),
);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', app);
  try {
    if (url.pathname !== '/callback') {
      const codeVerifier = client.randomPKCECodeVerifier();
      const state = client.randomState();
      pending.set(state, codeVerifier);
      const location = client.buildAuthorizationUrl(config, {
        redirect_uri: `${app}/callback`,
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        state,
      });
      response.writeHead(303, { location: location.href }).end();
      return;
    }
    const state = url.searchParams.get('state') ?? '';
    const codeVerifier = pending.get(state);
    pending.delete(state);
    if (codeVerifier === undefined) throw new Error('this sign-in did not begin here');
    const tokens = await client.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
    });
    const { sub = '' } = tokens.claims() ?? {};
    const person = await client.fetchUserInfo(config, tokens.access_token, sub);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(person));
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
}
