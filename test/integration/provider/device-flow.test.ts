import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../../src/runtime/json.ts';
import type { NewClient } from '../../../src/clients/clients.ts';
import { sha256 } from '../../../src/runtime/digest.ts';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import type { Browser } from '../../support/provider-browser.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const ACTOR = { by: 'test', origin: { address: 'test' } };

let house: House;
let tv: RelyingParty;
/** What went into the state. */
const kept: string[] = [];

beforeAll(async () => {
  house = await openHouse({
    nodes: 2,
    wrapState: (state) => ({
      ...state,
      async put(key, value, options) {
        kept.push(JSON.stringify([key, value]));
        return await state.put(key, value, options);
      },
      async swap(key, seen, value, options) {
        kept.push(JSON.stringify([key, value]));
        return await state.swap(key, seen, value, options);
      },
    }),
    protocol: { deviceFlow: { enabled: true, interval: '1s' } },
    apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
  });
  tv = await createRelyingParty(house, device());
});
afterAll(() => house.close());

function device(): NewClient {
  return {
    metadata: {
      client_name: 'The television',
      application_type: 'native',
      grant_types: [GRANT, 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
  };
}

type Page = Readonly<Record<string, string>>;

/** What the page of the engine's endpoint was given to show. */
async function pageOf(browser: Browser, url: string, form?: Record<string, string>): Promise<Page> {
  const init = form && { method: 'POST', body: new URLSearchParams(form) };
  const { response } = await browser.visit(url, init);
  return (await response?.json()) as Page;
}

function ask(scope = 'openid email offline_access'): Promise<oidc.DeviceAuthorizationResponse> {
  return oidc.initiateDeviceAuthorization(tv.configuration, { scope });
}

/** Types the code, and answers what is asked. */
async function letIn(
  browser: Browser,
  userCode: string,
  answer: 'confirm' | 'abort' = 'confirm',
): Promise<Page> {
  const url = `${house.issuer}/device`;
  const { xsrf } = await pageOf(browser, url);
  const typed = { xsrf: xsrf ?? '', user_code: userCode.toLowerCase() };
  const asked = await pageOf(browser, url, typed);
  if (asked['page'] !== 'device-confirm') return asked;
  expect(asked).toMatchObject({ client: 'The television', code: userCode });
  return await pageOf(browser, url, { ...typed, [answer]: 'yes' });
}

function poll(code: string, at = house.issuer): Promise<Response> {
  return tv.post('/token', { grant_type: GRANT, device_code: code }, at);
}

async function errorOf(answer: Promise<Response>): Promise<unknown> {
  return ((await (await answer).json()) as JsonObject)['error'];
}

describe('a device without a browser (RFC 8628)', () => {
  test('is asked for by codes that a thief of the store neither reads nor can try out', async () => {
    kept.length = 0;
    const { user_code: userCode, device_code: deviceCode } = await ask();
    await letIn(house.browser(), userCode);
    const written = kept.join('\n');
    expect(written).toContain(`DeviceCode:${sha256(deviceCode)}`);
    const typed = userCode.replace('-', '');
    for (const secret of [typed, userCode, deviceCode]) expect(written).not.toContain(secret);
    for (const digest of [sha256(typed), sha256(userCode)]) expect(written).not.toContain(digest);
  });

  test('is let in by a code that somebody types elsewhere, and refreshes by itself', async () => {
    const asked = await ask();
    expect(asked).toMatchObject({ interval: 1, verification_uri: `${house.issuer}/device` });
    expect(asked.user_code).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
    expect(await errorOf(poll(asked.device_code))).toBe('authorization_pending');
    const done = await letIn(house.browser(), asked.user_code);
    expect(done).toMatchObject({ page: 'device-done', client: 'The television' });
    const tokens = await oidc.pollDeviceAuthorizationGrant(tv.configuration, asked);
    expect(decodeJwt(tokens.id_token ?? '').sub).toBe(house.alice.id);
    expect((await tv.refresh(tokens.refresh_token ?? '')).status).toBe(200);
    const seen = await oidc.fetchUserInfo(tv.configuration, tokens.access_token, house.alice.id);
    expect(seen.email).toBe('alice@example.com');
  });

  test('goes on when the browser is closed by which it was let in, and ends with its grant', async () => {
    const asked = await ask('openid');
    const browser = house.browser();
    await letIn(browser, asked.user_code);
    const tokens = (await (await poll(asked.device_code)).json()) as Record<string, string>;
    const claims = decodeJwt(tokens['access_token'] ?? '');
    expect(claims['sid']).toBeUndefined();
    const info = (): Promise<Response> =>
      fetch(`${house.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${tokens['access_token'] ?? ''}` },
      });
    expect((await info()).status).toBe(200);
    await house.accounts.disable(house.alice.id, ACTOR);
    await house.accounts.enable(house.alice.id, ACTOR);
    expect((await info()).status).toBe(401);
  });

  test('is one of the apps of its person until they take back what they allowed it', async () => {
    const asked = await ask();
    await letIn(house.browser(), asked.user_code);
    const answer = await poll(asked.device_code);
    const tokens = (await answer.json()) as Record<string, string>;
    const apps = await house.first.protocol.connectedClients.list(house.alice.id);
    const app = apps.find(({ client }) => client.name === 'The television');
    expect(app?.allowed.scopes).toContain('email');
    const clientId = app?.client.id ?? '';
    expect(house.audited).toContainEqual(
      expect.objectContaining({ type: 'device.connected', accountId: house.alice.id, clientId }),
    );
    await house.takeBack.disconnect(house.alice.id, clientId, { reason: 'test', actor: ACTOR });
    expect((await tv.refresh(tokens['refresh_token'] ?? '')).status).toBe(400);
    const left = await house.first.protocol.connectedClients.list(house.alice.id);
    expect(left.map(({ client }) => client.id)).not.toContain(clientId);
  });

  test('gets nothing for a code that was let in, once its person has taken that back', async () => {
    const asked = await ask();
    await letIn(house.browser(), asked.user_code);
    const clientId = tv.configuration.clientMetadata().client_id;
    await house.takeBack.disconnect(house.alice.id, clientId, { reason: 'test', actor: ACTOR });
    expect(await errorOf(poll(asked.device_code))).toBe('invalid_grant');
  });

  test('is paid once, of two polls at once on two nodes', async () => {
    const asked = await ask();
    await letIn(house.browser(), asked.user_code);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        poll(asked.device_code, house.nodes[index % 2]?.url ?? ''),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('is told of a refusal, of impatience, and of what it came too late for', async () => {
    const refused = await ask();
    expect(await letIn(house.browser(), refused.user_code, 'abort')).toMatchObject({
      page: 'device',
      problem: 'refused',
    });
    expect(await errorOf(poll(refused.device_code))).toBe('access_denied');
    expect(house.audited.filter(({ type }) => type === 'device.refused')).toHaveLength(1);
    const hasty = await ask();
    // Of two that are not a second apart, however long one takes.
    await expect.poll(() => errorOf(poll(hasty.device_code))).toBe('slow_down');
    const late = await ask();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    expect(await errorOf(poll(late.device_code))).toBe('expired_token');
    const { user_code: userCode } = late;
    expect(await letIn(house.browser(), userCode)).toMatchObject({ problem: 'expired' });
    vi.useRealTimers();
  });

  test('is not let in twice, nor by a code of nobody, nor by a link alone', async () => {
    const asked = await ask();
    const browser = house.browser();
    const link = await pageOf(browser, asked.verification_uri_complete ?? '');
    expect(link).toMatchObject({ page: 'device', problem: 'none', code: asked.user_code });
    expect(await errorOf(poll(asked.device_code))).toBe('authorization_pending');
    expect(await letIn(browser, 'BBBB-BBBB')).toMatchObject({ problem: 'unknown' });
    await letIn(browser, asked.user_code);
    expect(await letIn(house.browser(), asked.user_code)).toMatchObject({ problem: 'used' });
  });

  test('of two browsers that confirm one code at once, one does', async () => {
    const asked = await ask();
    const browsers = [house.browser(), house.browser()];
    const pages = await Promise.all(browsers.map((browser) => letIn(browser, asked.user_code)));
    expect(pages.filter(({ page }) => page === 'device-done')).toHaveLength(1);
  });

  test('its codes are not guessed: after thirty tries nothing is looked at any more', async () => {
    const browser = house.browser();
    const url = `${house.issuer}/device`;
    let page = await pageOf(browser, url);
    for (let time = 0; time < 32; time += 1)
      page = await pageOf(browser, url, { xsrf: page['xsrf'] ?? '', user_code: 'CCCC-CCCC' });
    expect(page['problem']).toBe('throttled');
    const asked = await ask();
    expect(await letIn(browser, asked.user_code)).toMatchObject({ problem: 'throttled' });
    expect(house.audited.filter(({ type }) => type === 'device.throttled')).toHaveLength(1);
  });

  test('nor guessed from the many addresses of one line, which others do not suffer for', async () => {
    const browser = house.browser();
    const url = `${house.issuer}/device`;
    let page = await pageOf(browser, url);
    for (let time = 0; time < 31; time += 1) {
      house.address = `2001:db8:1:2::${time.toString(16)}`;
      page = await pageOf(browser, url, { xsrf: page['xsrf'] ?? '', user_code: 'CCCC-CCCC' });
    }
    expect(page['problem']).toBe('throttled');
    house.address = '2001:db8:1:3::1';
    const { user_code: userCode } = await ask();
    expect(await letIn(browser, userCode)).toMatchObject({ page: 'device-done' });
    house.address = undefined;
  });

  test('nothing in the store is a code that somebody could use', async () => {
    const asked = await ask();
    expect(await errorOf(poll(`~${sha256(asked.device_code)}`))).toBe('invalid_grant');
  });

  test('is not served where it is off', async () => {
    const plain = await openHouse();
    const answer = await fetch(`${plain.issuer}/device/authorize`, { method: 'POST' });
    expect(answer.status).toBe(404);
    const page = await fetch(`${plain.issuer}/device`);
    expect(page.status).toBe(404);
    await plain.close();
  });
});
