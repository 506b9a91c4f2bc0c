import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const ORIGIN = { by: 'test', origin: { address: 'test' } };

let house: House;
let app: RelyingParty;
let opaqueApp: RelyingParty;
let api: RelyingParty;
/** A new set for each test, since tests take tokens back. */
let tokens: Readonly<Record<string, string>>;

beforeAll(async () => {
  house = await openHouse({
    apis: [
      { identifier: API, name: 'The example API', scopes: { read: 'Read', write: 'Write' } },
      { identifier: 'https://opaque.example.com', name: 'Opaque', accessTokenFormat: 'opaque' },
      { identifier: 'plain', name: 'Plain', scopes: { read: 'Read' }, accessTokenTtl: '5m' },
    ],
    claims: {
      custom: [
        { claim: 'roles', attribute: 'roles', in: ['userinfo', 'access_token'] },
        { claim: 'unit', attribute: 'department', scopes: ['profile'], in: ['userinfo'] },
      ],
    },
  });
  app = await createRelyingParty(house);
  opaqueApp = await createRelyingParty(house, {
    ...webClient(),
    policy: { accessTokenFormat: 'opaque' },
  });
  api = await createRelyingParty(house, { ...webClient(), policy: { introspects: [API] } });
});
afterAll(() => house.close());
afterEach(() => vi.useRealTimers());

async function issueTokens(): Promise<Readonly<Record<string, string>>> {
  const issued: Record<string, string> = {
    garbage: 'garbage',
    nearly: 'a'.repeat(43),
    jwt: 'a.b.c',
  };
  for (const [name, party] of Object.entries({ app, opaqueApp })) {
    const variants = {
      '': {},
      ' for an API': { resource: API, scope: 'openid profile offline_access read' },
      ' bound to the session': { scope: 'openid email' },
      ' with claims': { claims: JSON.stringify({ userinfo: { locale: null } }) },
    };
    for (const [variant, parameters] of Object.entries(variants)) {
      const given = await party.signIn(house.browser(), { prompt: 'consent', ...parameters });
      issued[`${name}${variant}`] = given.access_token;
      if (given.refresh_token !== undefined)
        issued[`${name}${variant}, refresh`] = given.refresh_token;
      if (variant === ' for an API') {
        const narrower = { scope: 'read', resource: API };
        const answer = await party.refresh(given.refresh_token ?? '', undefined, narrower);
        const { access_token: token } = (await answer.json()) as { access_token: string };
        issued[`${name} without openid`] = token;
      }
    }
    const forms: Record<string, string>[] = [{}, { resource: API, scope: 'read' }];
    for (const form of forms) {
      const answer = await party.post('/token', { grant_type: 'client_credentials', ...form });
      const { access_token: token } = (await answer.json()) as { access_token: string };
      issued[`${name}, its own${'resource' in form ? ' for an API' : ''}`] = token;
    }
  }
  return issued;
}

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function said(response: Response): Promise<Said> {
  const headers = Object.fromEntries(response.headers);
  delete headers['date'];
  const text = await response.text();
  return { status: response.status, headers, body: text === '' ? '' : JSON.parse(text) };
}

/** The same request twice: as it is, and with an empty query, which is always left to the engine. */
async function expectSame(name: string, path: string, init: RequestInit): Promise<Said> {
  const short = await said(await fetch(`${house.issuer}${path}`, init));
  const long = await said(await fetch(`${house.issuer}${path}?`, init));
  expect(short, name).toEqual(long);
  return short;
}

function basic({ id, secret }: { readonly id: string; readonly secret: string }): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

function introspection(token: string, party: RelyingParty): RequestInit {
  const headers = { authorization: basic(party) };
  return { method: 'POST', headers, body: new URLSearchParams({ token }) };
}

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Every token at both endpoints, asked by everyone. */
async function expectAllSame(): Promise<{ active: string[]; told: string[] }> {
  const active: string[] = [];
  const told: string[] = [];
  for (const [name, token] of Object.entries(tokens)) {
    for (const [asker, party] of Object.entries({ app, opaqueApp, api })) {
      const request = introspection(token, party);
      const { body } = await expectSame(`${name} asked by ${asker}`, '/introspect', request);
      if ((body as { active?: boolean }).active === true) active.push(`${name} asked by ${asker}`);
    }
    const { status } = await expectSame(`${name} at userinfo`, '/userinfo', bearer(token));
    if (status === 200) told.push(name);
  }
  return { active, told };
}

describe('the short way says what the engine says', () => {
  beforeAll(async () => {
    tokens = await issueTokens();
  });

  test('of living tokens', async () => {
    const { active, told } = await expectAllSame();
    expect(active).toContain('opaqueApp asked by opaqueApp');
    expect(active).toContain('app for an API asked by api');
    expect(active).not.toContain('app asked by opaqueApp');
    expect(told).toEqual(expect.arrayContaining(['app', 'opaqueApp bound to the session']));
    expect(told).not.toContain('app without openid');
  });

  test('to whoever asks in another way', async () => {
    const token = tokens['opaqueApp'] ?? '';
    const right = basic(opaqueApp);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const asked = (headers: Record<string, string>, body: string): RequestInit => ({
      method: 'POST',
      headers: { ...form, ...headers },
      body,
    });
    const ways: Record<string, RequestInit> = {
      'a wrong secret': asked(
        { authorization: basic({ ...opaqueApp, secret: 'x' }) },
        `token=${token}`,
      ),
      'an unknown client': asked(
        { authorization: basic({ id: 'x', secret: 'x' }) },
        `token=${token}`,
      ),
      'no client': asked({}, `token=${token}`),
      'the secret in the form': asked(
        {},
        `token=${token}&client_id=${opaqueApp.id}&client_secret=${opaqueApp.secret}`,
      ),
      'both secrets': asked({ authorization: right }, `token=${token}&client_secret=x`),
      'a broken header': asked({ authorization: 'Basic !' }, `token=${token}`),
      'another scheme': asked({ authorization: `basic ${right.slice(6)}` }, `token=${token}`),
      'an encoded secret': asked(
        { authorization: basic({ ...opaqueApp, secret: `%${opaqueApp.secret}` }) },
        `token=${token}`,
      ),
      'a hint': asked({ authorization: right }, `token=${token}&token_type_hint=access_token`),
      'a wrong hint': asked(
        { authorization: right },
        `token=${token}&token_type_hint=refresh_token`,
      ),
      'an unknown hint': asked({ authorization: right }, `token=${token}&token_type_hint=x`),
      'an encoded token': asked(
        { authorization: right },
        `token=%${token.charCodeAt(0).toString(16)}${token.slice(1)}`,
      ),
      'two tokens': asked({ authorization: right }, `token=${token}&token=${token}`),
      'more than it needs': asked({ authorization: right }, `token=${token}&x=y`),
      'no token': asked({ authorization: right }, 'token='),
      'no form': asked({ authorization: right, 'content-type': 'application/json' }, '{}'),
      'a foreign origin': asked(
        { authorization: right, origin: 'https://evil.example' },
        `token=${token}`,
      ),
      'a long form': asked({ authorization: right }, `token=${token}&x=${'y'.repeat(20_000)}`),
      'a charset': asked(
        { authorization: right, 'content-type': `${form['content-type']};charset=UTF-8` },
        `token=${token}`,
      ),
    };
    for (const [way, init] of Object.entries(ways)) await expectSame(way, '/introspect', init);
    for (const [way, headers] of Object.entries({
      'no token': {},
      'another scheme': { authorization: `bearer ${token}` },
      Basic: { authorization: right },
      DPoP: { authorization: `DPoP ${token}` },
      'a proof': { authorization: `Bearer ${token}`, dpop: 'x' },
      'a foreign origin': { authorization: `Bearer ${token}`, origin: 'https://evil.example' },
    }))
      await expectSame(`userinfo, ${way}`, '/userinfo', { headers });
  });
});

describe("a client's own token by the short way", () => {
  /** What differs between two tokens of one kind is left out. */
  function shapeOf({ status, headers, body }: Said): object {
    const { 'content-length': _, ...same } = headers;
    const { access_token: token = '', ...rest } = body as { access_token?: string };
    if (!token.includes('.')) return { status, same, rest, characters: token.length };
    const { jti, iat, exp, nbf, ...claims } = decodeJwt(token);
    const life = (exp ?? 0) - (iat ?? 0);
    const ids = { jti: jti?.length, isOfNow: nbf === iat };
    return { status, same, rest, header: decodeProtectedHeader(token), claims, life, ids };
  }

  async function expectSameToken(name: string, init: RequestInit): Promise<Said> {
    const audited = house.audited.length;
    const short = await said(await fetch(`${house.issuer}/token`, init));
    const long = await said(await fetch(`${house.issuer}/token?`, init));
    expect(shapeOf(short), name).toEqual(shapeOf(long));
    const [first, second, ...more] = house.audited.slice(audited).map((event) => ({
      ...event,
      jti: 'jti' in event ? event.jti?.length : undefined,
      origin: event.origin.address,
    }));
    expect(first, name).toEqual(second);
    expect(more, name).toEqual([]);
    return short;
  }

  test('is what the engine would have made, and on the record', async () => {
    const closed = await createRelyingParty(house, {
      ...webClient(),
      policy: { apis: ['https://opaque.example.com'] },
    });
    const narrow = await createRelyingParty(house, webClient({ scope: 'openid read' }));
    const person = await createRelyingParty(
      house,
      webClient({ grant_types: ['authorization_code'] }),
    );
    const parties = { app, opaqueApp, closed, narrow, person };
    const forms: Record<string, string> = {
      'all scopes': `resource=${API}&scope=read+write`,
      'one scope': `resource=${API}&scope=read`,
      'no scope': `resource=${API}`,
      'a scope twice': `resource=${API}&scope=read+read`,
      'an unknown scope': `resource=${API}&scope=read+other`,
      'a scope of OpenID': `resource=${API}&scope=openid+read`,
      'an empty scope': `resource=${API}&scope=`,
      'a wrong scope': `resource=${API}&scope=%22`,
      'its audience': `audience=${API}&scope=read`,
      'both, the same': `audience=${API}&resource=${API}&scope=read`,
      'both, different': `audience=x&resource=${API}&scope=read`,
      'an opaque API': 'resource=https://opaque.example.com',
      'an unknown API': 'resource=https://unknown.example.com',
      'an API with a plain name': 'audience=plain&scope=read',
      'a fragment': `resource=${API}%23x`,
      'no API': 'scope=read',
      'no API and no scope': '',
      'something else': `resource=${API}&x=y`,
    };
    let issued = 0;
    for (const [who, party] of Object.entries(parties)) {
      for (const [what, form] of Object.entries(forms)) {
        const { status } = await expectSameToken(`${what} for ${who}`, {
          method: 'POST',
          headers: {
            authorization: basic(party),
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: `grant_type=client_credentials${form === '' ? '' : `&${form}`}`,
        });
        if (status === 200) issued += 1;
      }
    }
    expect(issued).toBeGreaterThan(30);
  });

  test('is refused as by the engine', async () => {
    const body = `grant_type=client_credentials&resource=${API}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const ways: Record<string, Record<string, string>> = {
      'no secret': {},
      'a wrong secret': { authorization: basic({ ...app, secret: 'wrong' }) },
      'an unknown client': { authorization: basic({ id: 'nobody', secret: 'wrong' }) },
      'a proof that is none': { authorization: basic(app), dpop: 'x' },
      'a foreign origin': { authorization: basic(app), origin: 'https://evil.example' },
    };
    for (const [name, more] of Object.entries(ways)) {
      const init = { method: 'POST', headers: { ...headers, ...more }, body };
      expect((await expectSameToken(name, init)).status, name).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('the short way says nothing that the engine would not say', () => {
  test('when tokens have expired', async () => {
    tokens = await issueTokens();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_700_000 });
    expect(await expectAllSame()).toMatchObject({ told: [] });
  });

  test('when they were revoked one by one', async () => {
    tokens = await issueTokens();
    for (const [name, token] of Object.entries(tokens))
      await (name.startsWith('app') ? app : opaqueApp).post('/revoke', { token });
    expect(await expectAllSame()).toEqual({ active: [], told: [] });
  });

  test('when the person was disabled', async () => {
    tokens = await issueTokens();
    await house.accounts.disable(house.alice.id, ORIGIN);
    expect((await expectAllSame()).told).toEqual([]);
    await house.accounts.enable(house.alice.id, ORIGIN);
    expect((await expectAllSame()).told).toEqual([]);
  });

  test('when the person signed out', async () => {
    const browser = house.browser();
    const given = await opaqueApp.signIn(browser, { scope: 'openid email' });
    tokens = { bound: given.access_token };
    expect((await expectAllSame()).told).toEqual(['bound']);
    const page = await browser.visit(`${house.issuer}/logout`);
    const xsrf =
      /name="xsrf" value="(?<xsrf>[^"]+)"/.exec((await page.response?.text()) ?? '')?.groups?.[
        'xsrf'
      ] ?? '';
    const body = new URLSearchParams({ xsrf, logout: 'yes' });
    await browser.visit(`${house.issuer}/logout/confirm`, { method: 'POST', body });
    expect(await expectAllSame()).toEqual({ active: [], told: [] });
  });

  test('when a client was deleted', async () => {
    tokens = await issueTokens();
    await house.clients.delete(app.id, ORIGIN);
    const { active, told } = await expectAllSame();
    expect(active.filter((name) => name.startsWith('app'))).toEqual([]);
    expect(told.filter((name) => name.startsWith('app'))).toEqual([]);
  });
});
