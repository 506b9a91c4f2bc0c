import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startExample, type Example } from '../../examples/microservices/start.ts';
import { createVerifier, type Verifier } from '../../verifier/src/index.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';
import { verdictOn } from '../support/verdict.ts';

const API = 'https://api.example.com';
/** How every JWT begins. */
const A_TOKEN = /eyJ[\w-]+\./;

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** What an injected script could look through: every place that outlives a statement. */
const SEARCH = `JSON.stringify([
  document.cookie, { ...localStorage }, { ...sessionStorage },
  Object.getOwnPropertyNames(window).map((name) => { try { return JSON.stringify(window[name]) } catch { return '' } }),
  document.documentElement.outerHTML,
])`;

/** Injected before the app's own script: listens to all that it sends and gets. */
const EAVESDROP = `
  window.stolen = [];
  const fetchOfThePage = window.fetch;
  window.fetch = async (...request) => {
    window.stolen.push(JSON.stringify(request[1]?.headers ?? {}));
    const answer = await fetchOfThePage(...request);
    answer.clone().text().then((text) => window.stolen.push(text));
    return answer;
  };
`;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
});
afterEach(() => page.context().close());

describe('an app that holds its tokens itself', () => {
  let latchkey: Latchkey;
  let verifier: Verifier;
  let origin: string;
  let server: ReturnType<typeof createServer>;

  beforeAll(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    latchkey = await startLatchkey({
      settings: {
        tokens: { refreshRetryWindow: '0s' },
        revocation: { feed: { public: true } },
        clients: [
          {
            id: 'spa',
            type: 'spa',
            firstParty: true,
            redirectUris: [`${origin}/local`, `${origin}/memory`, `${origin}/frame`],
          },
        ],
        apis: [{ identifier: API, name: 'Messages', scopes: { read: 'Read' } }],
      },
    });
    const { issuer } = latchkey;
    verifier = createVerifier({ issuer, audience: API, revocation: { whenSilent: 'refuse' } });
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(request.url?.startsWith('/frame') ? '' : pageOf(issuer));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    verifier?.close();
    server?.closeAllConnections();
    server?.close();
    await latchkey?.stop();
    await latchkey?.clean();
  });

  async function signIn(store: 'local' | 'memory'): Promise<void> {
    await page.goto(`${origin}/${store}`);
    await page.click('#sign-in');
    await signInOn(page, { consent: false });
    await page.waitForSelector('text=signed in');
  }

  /** From the thief's own machine. */
  async function refreshAsThief(token: string): Promise<Tokens> {
    const answer = await fetch(`${latchkey.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'spa',
        refresh_token: token,
        resource: API,
      }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Tokens;
  }

  /** The thief has used the refresh token; when the app uses it, too, both have nothing. */
  async function expectCaught(thief: Tokens): Promise<void> {
    await verdictOn(verifier, thief.access_token);
    await page.click('#refresh');
    await page.waitForSelector('text=invalid_grant');
    await expect
      .poll(() => verifier.verify(thief.access_token).catch(({ code }) => code))
      .toBe('ERR_TOKEN_REVOKED');
  }

  test('localStorage: a script takes the tokens away, whenever it comes', async () => {
    await signIn('local');
    const taken = JSON.parse(String(await page.evaluate('localStorage.tokens'))) as Tokens;
    expect(String(await page.evaluate(SEARCH))).toMatch(A_TOKEN);
    await expect(verdictOn(verifier, taken.access_token)).resolves.toHaveProperty('sub');
    // Also a script of a later visit, long after the person has closed the page.
    const later = await page.context().newPage();
    await later.goto(`${origin}/local`);
    expect(await later.evaluate('localStorage.tokens')).toBe(JSON.stringify(taken));
    await expectCaught(await refreshAsThief(taken.refresh_token));
  });

  test('memory: a script that comes later finds nothing', async () => {
    await signIn('memory');
    // The app has kept what it needs to itself before anything else could run.
    await page.evaluate(EAVESDROP);
    await page.click('#call');
    await page.waitForSelector('text=called');
    const found = String(await page.evaluate(SEARCH));
    expect(found).not.toMatch(A_TOKEN);
    expect(await page.evaluate('window.stolen')).toEqual([]);
  });

  test('memory: a script that was there first hears all, and rotation finds the thief out', async () => {
    await page.addInitScript(EAVESDROP);
    await signIn('memory');
    // It reads a copy of the answer, which may be there a little later than the app's.
    const heard = await page.waitForFunction<string>(
      "window.stolen.find((text) => text.includes('refresh_token'))",
    );
    const taken = await heard.jsonValue();
    await expectCaught(await refreshAsThief((JSON.parse(taken) as Tokens).refresh_token));
  });

  test('memory: a script gets tokens of its own, as long as the person is signed in', async () => {
    await signIn('memory');
    const tokens = (await page.evaluate(silentSignIn(latchkey.issuer, origin))) as Tokens;
    await expect(verdictOn(verifier, tokens.access_token)).resolves.toHaveProperty('sub');
  });
});

describe('an app whose backend holds the tokens', () => {
  let folder: string;
  let example: Example;
  let issuer: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-storing-'));
    const [issuerPort, appPort] = [await freePort(), await freePort()];
    issuer = `http://localhost:${issuerPort}`;
    example = await startExample({ issuerPort, appPort, folder });
  });
  afterAll(async () => {
    await example?.close();
    await rm(folder, { recursive: true });
  });

  test('a script finds no token, however early it comes; it can only act while the page is open', async () => {
    await page.addInitScript(EAVESDROP);
    await page.goto(example.url);
    await page.click('#sign-in');
    await signInOn(page, { consent: false });
    await page.waitForSelector('text=Accepted everywhere');
    // What it can do: whatever the page can, in the person's name, for as long as the page is there.
    const riding = `fetch('/refresh', { method: 'POST', headers: { 'x-requested-by': 'shop' } }).then(({ status }) => status)`;
    expect(await page.evaluate(riding)).toBe(204);
    const found = [await page.evaluate(SEARCH), await page.evaluate('window.stolen')];
    expect(JSON.stringify(found)).not.toMatch(A_TOKEN);
  });

  test('a code is worth nothing without the secret of the backend', async () => {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'shop',
        code: 'any',
        redirect_uri: `${example.url}/callback`,
        code_verifier: 'x'.repeat(43),
      }),
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: 'invalid_client' });
  });
});

/** A small app; its path says where it keeps its tokens. */
function pageOf(issuer: string): string {
  return `<!doctype html><meta charset="utf-8"><title>App</title>
<button id="sign-in">Sign in</button><button id="call">Call</button><button id="refresh">Refresh</button><p id="said"></p>
<script type="module">
const { fetch, location, localStorage, sessionStorage, crypto } = window;
const here = location.origin + location.pathname;
const isLocal = location.pathname === '/local';
const said = document.querySelector('#said');
let held;
const keep = (tokens) => isLocal ? localStorage.setItem('tokens', JSON.stringify(tokens)) : (held = tokens);
const tokens = () => isLocal ? JSON.parse(localStorage.getItem('tokens')) : held;
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function exchange(parameters) {
  const body = new URLSearchParams({ client_id: 'spa', resource: '${API}', ...parameters });
  const answer = await fetch('${issuer}/token', { method: 'POST', body });
  const json = await answer.json();
  if (!answer.ok) return said.textContent = json.error;
  keep(json);
  said.textContent = 'signed in';
}

document.querySelector('#sign-in').onclick = async () => {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem('verifier', verifier);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  location.href = '${issuer}/authorize?' + new URLSearchParams({
    client_id: 'spa', response_type: 'code', redirect_uri: here, scope: 'openid offline_access read', resource: '${API}',
    code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 'S256', state: 'app',
  });
};
document.querySelector('#refresh').onclick = () => exchange({ grant_type: 'refresh_token', refresh_token: tokens().refresh_token });
document.querySelector('#call').onclick = async () => {
  await fetch('/frame', { headers: { authorization: 'Bearer ' + tokens().access_token } });
  said.textContent = 'called';
};

const code = new URL(location).searchParams.get('code');
if (code) {
  const code_verifier = sessionStorage.getItem('verifier');
  sessionStorage.removeItem('verifier');
  history.replaceState(undefined, '', location.pathname);
  await exchange({ grant_type: 'authorization_code', code, redirect_uri: here, code_verifier });
}
</script>`;
}

/** An injected script that signs in by itself, in a frame that nobody sees. */
function silentSignIn(issuer: string, origin: string): string {
  return `(async () => {
    const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const verifier = 'x'.repeat(43);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const frame = document.createElement('iframe');
    frame.src = '${issuer}/authorize?' + new URLSearchParams({
      client_id: 'spa', response_type: 'code', redirect_uri: '${origin}/frame', scope: 'openid read', resource: '${API}',
      code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 'S256', state: 'thief', prompt: 'none',
    });
    document.body.append(frame);
    await new Promise((resolve) => { frame.onload = resolve; });
    const code = new URL(frame.contentWindow.location.href).searchParams.get('code');
    const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'spa', code, code_verifier: verifier, redirect_uri: '${origin}/frame', resource: '${API}' });
    return (await fetch('${issuer}/token', { method: 'POST', body })).json();
  })()`;
}
