import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csrfIn } from '../../support/account-node.ts';
import { freePort } from '../../support/ports.ts';
import {
  API,
  CALLBACK,
  HOME,
  MACHINE,
  openTenantNode,
  SECRET,
  SPA,
  STANDARD_API,
  WEB,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const NOBODYS = 'https://nobody.example';
const OUT_OF_REACH = `Client is not authorized to access "${STANDARD_API}". You need to create a "client-grant" associated to this API.`;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let node: TenantNode;
let application: Server;
const logoutTokens: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  application = createServer((request, response) => void take(request, response));
  await once(application.listen(port, '127.0.0.1'), 'listening');
  const secret = { clientSecretInClear: SECRET };
  const clients = [
    { clientId: SPA, appType: 'spa', callbacks: [CALLBACK, HOME], audiences: [API] },
    {
      ...secret,
      clientId: WEB,
      callbacks: [CALLBACK],
      backchannelLogoutUrl: `http://127.0.0.1:${port}/`,
    },
    { ...secret, clientId: MACHINE, appType: 'non_interactive', audiences: [API] },
  ];
  node = await openTenantNode(
    { clients },
    { http: { outbound: { allow: ['127.0.0.1'] } }, joining: { mode: 'open' } },
  );
});

afterAll(async () => {
  await node.close();
  application.close();
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  logoutTokens.push(new URLSearchParams(await text(request)).get('logout_token') ?? '');
  response.end();
}

const REQUEST = {
  client_id: SPA,
  response_type: 'code',
  redirect_uri: CALLBACK,
  scope: 'openid',
  state: 'state',
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
};

async function ask(
  more: Readonly<Record<string, string>>,
  browser = node.browser(),
): Promise<{ readonly url: URL; readonly html: string }> {
  const query = new URLSearchParams({ ...REQUEST, ...more });
  const { url, response } = await browser.visit(`${node.tenant}/authorize?${query.toString()}`);
  return { url, html: (await response?.text()) ?? '' };
}

const STEP_UP = { acr_values: 'urn:latchkey:acr:2fa' };

describe('at /authorize', () => {
  const unknown = `Service not found: ${NOBODYS}`;

  test('an API that is not there, or not for the application, is refused as Auth0 does it', async () => {
    for (const [audience, description] of [
      [NOBODYS, unknown],
      ['plain name', 'Service not found: plain name'],
      [STANDARD_API, OUT_OF_REACH],
    ] as const) {
      const { searchParams } = (await ask({ audience })).url;
      expect(Object.fromEntries(searchParams)).toMatchObject({
        error: 'access_denied',
        error_description: description,
        state: 'state',
      });
    }
    const frame = { response_mode: 'web_message', redirect_uri: HOME, prompt: 'none' };
    const { html } = await ask({ ...frame, audience: NOBODYS });
    expect(html).toContain(`"error":"access_denied","error_description":"${unknown}"`);
  });

  test('userinfo is no API, and whoever names no scope asks for openid', async () => {
    const browser = node.browser();
    const { body } = await node.signIn({ audience: `${node.tenant}/userinfo` }, { browser });
    expect(String(body['access_token'])).not.toContain('.');
    const { url } = await ask({ scope: '', audience: API }, browser);
    expect(url.searchParams.get('code')).not.toBeNull();
  });

  test('a frame is told that a second factor is wanted, by the words that libraries look for', async () => {
    const browser = node.browser();
    await node.signIn({}, { browser });
    const { searchParams } = (await ask({ ...STEP_UP, prompt: 'none' }, browser)).url;
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: 'login_required',
      error_description: 'Multifactor authentication required',
    });
  });

  test('parameters that are empty or unknown are as if they were not there', async () => {
    const names = ['audience', 'organization', 'connection', 'prompt', 'max_age', 'login_hint'];
    const empty = Object.fromEntries(names.map((name) => [name, '']));
    const { html } = await ask({ ...empty, 'ext-colour': 'green', state: 's'.repeat(4096) });
    expect(html).toContain('name="password"');
  });
});

describe('whoever has no account', () => {
  const SIGN_UP = { screen_hint: 'signup' };

  test('makes one at the tenant, where the application asks for that, and is signed in', async () => {
    const browser = node.browser();
    let { url, html } = await ask(SIGN_UP, browser);
    expect(url.pathname).toMatch(/\/join$/u);
    const send = async (fields: Readonly<Record<string, string>>): Promise<void> => {
      const body = new URLSearchParams({ csrf: csrfIn(html), action: 'continue', ...fields });
      const visit = await browser.visit(url.href, { method: 'POST', body });
      url = visit.url;
      html = (await visit.response?.text()) ?? '';
    };
    await send({ email: 'zoe@example.com' });
    await expect.poll(async () => (await node.letters('zoe@example.com')).length).toBe(1);
    const [letter] = await node.letters('zoe@example.com');
    expect(letter?.links).toEqual([expect.stringMatching(`^${node.tenant}/sign-in-code/`)]);
    expect((await fetch(letter?.links[0] ?? '')).status).toBe(200);
    await send({ code: letter?.codes[0] ?? '' });
    // Passkeys are for the origin of the installation.
    expect(html).not.toContain('passkey');
    await send({ password: 'correct-horse-battery-47' });
    expect(url.origin + url.pathname).toBe(CALLBACK);
    expect(url.searchParams.get('code')).not.toBeNull();
    // Who is signed in already is not asked to join.
    expect((await ask(SIGN_UP, browser)).url.searchParams.get('code')).not.toBeNull();
  });

  test('finds the way there at the page where people sign in, and to the help of the installation', async () => {
    const { url, html } = await ask({});
    expect(html).toContain(`href="${url.pathname}/join"`);
    expect(html).toContain(`href="${node.issuer}/recover"`);
    const silent = (await ask({ ...SIGN_UP, prompt: 'none' })).url;
    expect(silent.searchParams.get('error')).toBe('login_required');
  });
});

test('people have names, and dates that are text, as applications of Auth0 know them', async () => {
  const { body } = await node.signIn();
  const names = { name: 'ann@example.com', nickname: 'ann' };
  const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u);
  const token = decodeJwt(String(body['id_token']));
  expect(token).toMatchObject({ ...names, updated_at: date });
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  const answer = await fetch(`${node.tenant}/userinfo`, { headers });
  expect(await answer.json()).toMatchObject({ ...names, updated_at: date });
});

describe('refusals in JSON are worded as Auth0 words them:', () => {
  const machine = { grant_type: 'client_credentials', client_id: MACHINE, client_secret: SECRET };
  const code = { grant_type: 'authorization_code', redirect_uri: CALLBACK, code: 'guessed' };
  const grantType = (name: string): string => `Grant type '${name}' not allowed for the client.`;

  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    [
      'a wrong secret',
      { ...machine, audience: API, client_secret: 'wrong' },
      'access_denied',
      'Unauthorized',
    ],
    ['no application', code, 'access_denied', 'Unauthorized'],
    ['a code', { ...code, client_id: SPA }, 'invalid_grant', 'Invalid authorization code'],
    [
      'a grant that is not allowed',
      { ...machine, client_id: WEB },
      'unauthorized_client',
      grantType('client_credentials'),
    ],
    [
      'a machine without an audience',
      machine,
      'access_denied',
      'No audience parameter was provided, and no default audience has been configured.',
    ],
    [
      'an API that is not there',
      { ...machine, audience: NOBODYS },
      'access_denied',
      `Service not found: ${NOBODYS}`,
    ],
    ['an API of others', { ...machine, audience: STANDARD_API }, 'access_denied', OUT_OF_REACH],
    [
      'scopes that are not granted',
      { ...machine, audience: API, scope: 'read:messages read:all openid' },
      'access_denied',
      'Client has not been granted scopes: read:all, openid',
    ],
  ])('%s', async (_what, request, error, description) => {
    const status = description === 'Unauthorized' ? 401 : 403;
    const body = { error, error_description: description };
    expect(await node.token(request)).toMatchObject({ status, body });
    expect(await node.token(request, { as: 'json' })).toMatchObject({ status, body });
  });

  test('a device that may be none', async () => {
    const form = new URLSearchParams({ client_id: SPA, scope: 'openid' });
    const answer = await fetch(`${node.tenant}/oauth/device/code`, { method: 'POST', body: form });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({
      error: 'unauthorized_client',
      error_description: grantType(DEVICE),
    });
  });

  test('a parameter that is missing, or of another kind', async () => {
    const said = async (body: unknown): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' };
      const post = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await fetch(`${node.tenant}/dbconnections/signup`, post);
      const { error_description: words } = (await answer.json()) as Answer['body'];
      return [answer.status, words];
    };
    const connection = 'Username-Password-Authentication';
    const asked = { client_id: SPA, connection, email: 'una@example.com' };
    expect(await said(asked)).toEqual([400, 'Missing required parameter: password']);
    expect(await said({ ...asked, password: 7 })).toEqual([400, 'Invalid parameter: password']);
    expect(await said([])).toEqual([400, 'The body must be an object.']);
  });

  test('a body that is no JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', headers, body: '{' };
    const answer = await fetch(`${node.tenant}/oauth/token`, post);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error_description: 'The body must be a form, or an object in JSON.',
    });
  });
});

test('an application is told behind the back of the browser that a session ended', async () => {
  const browser = node.browser();
  const { url } = await askAsWeb(browser);
  const { body }: Answer = await node.token({
    grant_type: 'authorization_code',
    client_id: WEB,
    client_secret: SECRET,
    redirect_uri: CALLBACK,
    code: url.searchParams.get('code') ?? '',
  });
  await browser.visit(`${node.tenant}/v2/logout`);
  await expect.poll(() => logoutTokens.length).toBe(1);
  const { sub, sid } = decodeJwt(String(body['id_token']));
  expect(decodeJwt(logoutTokens[0] ?? '')).toMatchObject({
    iss: `${node.tenant}/`,
    aud: WEB,
    sub,
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  });
});

async function askAsWeb(browser: ReturnType<TenantNode['browser']>): Promise<{ url: URL }> {
  const { code_challenge: _, code_challenge_method: __, ...request } = REQUEST;
  return { url: await node.authorize({ ...request, client_id: WEB }, { browser }) };
}
