import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { chainKey } from '../../../src/provider/store/refresh-chain.ts';
import { oidcKey } from '../../../src/provider/store/request-state.ts';
import {
  basic,
  CALLBACK,
  createRelyingParty,
  webClient,
  type Authorized,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const ORIGIN = { by: 'test', origin: { address: 'test' } };
const PLAIN = 'https://plain.example.com';
/** What differs between two tokens of one kind, each a moment apart. */
const OWN = new Set(
  'jti iat exp nbf rev gid sid nonce iiat grantId sessionUid authTime auth_time'.split(' '),
);

let house: House;
let app: RelyingParty;
let opaqueApp: RelyingParty;
let redeemed: (() => Promise<void>) | undefined;

beforeAll(async () => {
  house = await openHouse({
    tokens: { refreshTokens: 'always' },
    wrapState: (state) => ({
      ...state,
      async swap(...given) {
        await redeemed?.();
        return await state.swap(...given);
      },
    }),
    apis: [
      {
        identifier: API,
        name: 'The API',
        scopes: { read: 'Read' },
        claims: { unit: 'department' },
      },
      { identifier: PLAIN, name: 'Plain', accessTokenFormat: 'opaque', accessTokenTtl: '5m' },
    ],
    claims: {
      custom: [{ claim: 'roles', attribute: 'roles', in: ['id_token', 'access_token'] }],
    },
  });
  app = await createRelyingParty(house);
  opaqueApp = await createRelyingParty(house, {
    ...webClient(),
    policy: { accessTokenFormat: 'opaque', claimsInIdToken: true },
  });
});
afterAll(() => house.close());

interface Said {
  readonly status: number;
  readonly headers: object;
  readonly body: Readonly<Record<string, unknown>>;
}

/** By the short way, or with an empty query, which is always left to the engine. */
async function redeem(
  party: RelyingParty,
  fields: Record<string, string>,
  way: 'short' | 'long',
  more: object = {},
): Promise<Said> {
  const response = await fetch(`${house.issuer}/token${way === 'long' ? '?' : ''}`, {
    method: 'POST',
    headers: { authorization: basic(party.id, party.secret), ...more },
    body: new URLSearchParams({ grant_type: 'authorization_code', ...fields }),
  });
  const headers = Object.fromEntries(response.headers);
  for (const name of ['date', 'content-length']) delete headers[name];
  return { status: response.status, headers, body: (await response.json()) as Said['body'] };
}

function fieldsOf({ code, verifier }: Authorized): Record<string, string> {
  return { code, code_verifier: verifier, redirect_uri: CALLBACK };
}

function shapeOf(value: unknown): unknown {
  if (typeof value === 'string' && /^eyJ[^.]+\.[^.]+\.[^.]+$/.test(value))
    return { header: decodeProtectedHeader(value), claims: shapeOf(decodeJwt(value)) };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      OWN.has(name) || name === 'refresh_token' || /^[\w-]{43}$/.test(String(member))
        ? `${typeof member} of ${String(member).length}`
        : shapeOf(member),
    ]),
  );
}

/** What is kept for a refresh token, without what is its own. */
async function keptFor(token: unknown): Promise<unknown> {
  const entry = await house.first.state.get(oidcKey('latchkey', chainKey(String(token))));
  const { payload } = (entry ?? { value: {} }).value as { payload: Record<string, number> };
  return { payload: shapeOf(payload), life: (payload['exp'] ?? 0) - (payload['iat'] ?? 0) };
}

interface Way {
  readonly party?: RelyingParty;
  readonly fields?: (authorized: Authorized) => Record<string, string>;
  readonly headers?: object;
}

/** Two codes of one kind, one by each way: the answers, what is kept and what is audited. */
async function expectSame(
  name: string,
  codes: readonly [Authorized, Authorized],
  { party = app, fields = fieldsOf, headers = {} }: Way = {},
): Promise<Said> {
  const before = house.audited.length;
  const short = await redeem(party, fields(codes[0]), 'short', headers);
  const long = await redeem(party, fields(codes[1]), 'long', headers);
  expect(shapeOf(short), name).toEqual(shapeOf(long));
  const audited = house.audited.slice(before).map((event) => ({
    ...(shapeOf(event) as object),
    origin: event.origin.address,
    grantId: undefined,
  }));
  const half = audited.length / 2;
  expect(audited.slice(0, half), name).toEqual(audited.slice(half));
  if (short.body['refresh_token'] !== undefined)
    expect(await keptFor(short.body['refresh_token']), name).toEqual(
      await keptFor(long.body['refresh_token']),
    );
  return short;
}

async function pair(
  party: RelyingParty,
  parameters: Record<string, string> = {},
): Promise<readonly [Authorized, Authorized]> {
  const one = (): Promise<Authorized> =>
    party.authorize(house.browser(), { prompt: 'consent', ...parameters });
  return [await one(), await one()];
}

const KINDS: Readonly<Record<string, Record<string, string>>> = {
  'of all scopes': {},
  'for an API': { resource: API, scope: 'openid email offline_access read' },
  'for an API with opaque tokens': { resource: PLAIN, scope: 'openid offline_access' },
  'bound to the session': { scope: 'openid email' },
  'with a class of sign-in': { acr_values: 'urn:latchkey:1fa', max_age: '60' },
  'with claims': {
    claims: JSON.stringify({ id_token: { email: null }, userinfo: { name: null } }),
  },
};

describe('a code redeemed by the short way', () => {
  test.each(Object.entries(KINDS))(
    '%s: gives and keeps what the engine would',
    async (kind, parameters) => {
      for (const party of [app, opaqueApp]) {
        const said = await expectSame(kind, await pair(party, parameters), { party });
        expect(said.status).toBe(200);
        const { access_token: token, refresh_token: refresh } = said.body;
        const seen = await party.post('/introspect', { token: String(token) });
        expect(await seen.json()).toMatchObject({ active: true, client_id: party.id });
        expect((await party.refresh(String(refresh))).status).toBe(200);
      }
    },
  );

  test('asked for in another way: is what the engine says', async () => {
    const other = 'https://app.example.com/other';
    const ways: Readonly<Record<string, Way & { readonly status: number }>> = {
      'a field that is nothing': { fields: (one) => ({ ...fieldsOf(one), x: 'y' }), status: 200 },
      'another redirect URI': {
        fields: (one) => ({ ...fieldsOf(one), redirect_uri: other }),
        status: 400,
      },
      'a wrong verifier': {
        fields: (one) => ({ ...fieldsOf(one), code_verifier: 'w'.repeat(43) }),
        status: 400,
      },
      'no verifier': {
        fields: ({ code }) => ({ code, redirect_uri: CALLBACK }),
        status: 400,
      },
      'another code': { fields: (one) => ({ ...fieldsOf(one), code: 'x' }), status: 400 },
      'a wrong secret': { headers: { authorization: basic(app.id, 'wrong') }, status: 401 },
      'of another client': {
        headers: { authorization: basic(opaqueApp.id, opaqueApp.secret) },
        status: 400,
      },
      'a proof that is none': { headers: { dpop: 'x' }, status: 400 },
    };
    for (const [name, { status, ...way }] of Object.entries(ways)) {
      const said = await expectSame(name, await pair(app), way);
      expect(said.status, name).toBe(status);
    }
  });

  test('is refused for whoever is disabled', async () => {
    const codes = await pair(app);
    await house.accounts.disable(house.alice.id, ORIGIN);
    expect((await expectSame('disabled', codes)).body['error']).toBe('invalid_grant');
    await house.accounts.enable(house.alice.id, ORIGIN);
  });

  test('is refused when it has expired', async () => {
    const codes = await pair(app);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect((await expectSame('expired', codes)).body['error']).toBe('invalid_grant');
    vi.useRealTimers();
  });

  test('a second time is refused, and takes back what the first was given', async () => {
    const [authorized] = await pair(app);
    const first = await redeem(app, fieldsOf(authorized), 'short');
    const again = await redeem(app, fieldsOf(authorized), 'short');
    expect(again.body['error']).toBe('invalid_grant');
    const seen = await app.post('/introspect', { token: String(first.body['access_token']) });
    expect(await seen.json()).toEqual({ active: false });
    expect(house.audited.slice(-2)).toMatchObject([
      { type: 'token.reused' },
      { type: 'token.refused', grantType: 'authorization_code' },
    ]);
  });

  test('goes on in the generation in which it began', async () => {
    const [authorized] = await pair(app);
    redeemed = () => house.keys.rotate();
    expect((await redeem(app, fieldsOf(authorized), 'short')).status).toBe(200);
    redeemed = undefined;
  });
});
