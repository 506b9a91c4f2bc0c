import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sha256 } from '../../../src/runtime/digest.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';
import { chainKey } from '../../../src/provider/store/refresh-chain.ts';
import { oidcKey } from '../../../src/provider/store/request-state.ts';
import {
  basic,
  createRelyingParty,
  webClient,
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
let beforeSwap: (() => Promise<void>) | undefined;
let hasRoomForTokens = true;

beforeAll(async () => {
  house = await openHouse({
    tokens: { refreshTokens: 'always' },
    wrapState: (state) => ({
      ...state,
      async swap(...given) {
        await beforeSwap?.();
        return await state.swap(...given);
      },
      async put(...given) {
        if (!hasRoomForTokens) throw new StateUnavailable('the state has just gone');
        return await state.put(...given);
      },
    }),
    apis: [
      {
        identifier: API,
        name: 'The API',
        scopes: { read: 'Read', write: 'Write' },
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
async function refresh(
  party: RelyingParty,
  form: string,
  way: 'short' | 'long',
  more: object = {},
): Promise<Said> {
  const response = await fetch(`${house.issuer}/token${way === 'long' ? '?' : ''}`, {
    method: 'POST',
    headers: {
      authorization: basic(party.id, party.secret),
      'content-type': 'application/x-www-form-urlencoded',
      ...more,
    },
    body: `grant_type=refresh_token&${form}`,
  });
  const headers = Object.fromEntries(response.headers);
  for (const name of ['date', 'content-length']) delete headers[name];
  return { status: response.status, headers, body: (await response.json()) as Said['body'] };
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

/** What is kept for the token, without what is its own. */
async function keptFor(token: unknown): Promise<unknown> {
  const entry = await house.first.state.get(oidcKey('latchkey', chainKey(String(token))));
  const chain = entry?.value as { payload: Record<string, number>; superseded: readonly string[] };
  const { exp = 0, iat = 0 } = chain.payload;
  return { payload: shapeOf(chain.payload), life: exp - iat, superseded: chain.superseded.length };
}

async function pair(
  party: RelyingParty,
  parameters: Record<string, string>,
): Promise<readonly [string, string]> {
  const one = async (): Promise<string> =>
    (await party.signIn(house.browser(), { prompt: 'consent', ...parameters })).refresh_token ?? '';
  return [await one(), await one()];
}

/** Two tokens of one kind, one by each way. */
async function expectSame(
  name: string,
  tokens: readonly [string, string],
  { party = app, form = '', headers = {} } = {},
): Promise<Said> {
  const before = house.audited.length;
  const short = await refresh(party, `refresh_token=${tokens[0]}${form}`, 'short', headers);
  const long = await refresh(party, `refresh_token=${tokens[1]}${form}`, 'long', headers);
  expect(shapeOf(short), name).toEqual(shapeOf(long));
  const audited = house.audited.slice(before).map((event) => ({
    ...(shapeOf(event) as object),
    origin: event.origin.address,
    grantId: undefined,
  }));
  const half = audited.length / 2;
  expect(audited.slice(0, half), name).toEqual(audited.slice(half));
  if (short.status === 200)
    expect(await keptFor(short.body['refresh_token']), name).toEqual(
      await keptFor(long.body['refresh_token']),
    );
  return short;
}

const KINDS: Readonly<Record<string, Record<string, string>>> = {
  'of all scopes': {},
  'for an API': { resource: API, scope: 'openid email offline_access read' },
  'for an API with opaque tokens': { resource: PLAIN, scope: 'openid offline_access' },
  'bound to the session': { scope: 'openid email' },
  'with claims': {
    claims: JSON.stringify({ id_token: { email: null }, userinfo: { name: null } }),
  },
};

describe('a refresh by the short way', () => {
  test.each(Object.entries(KINDS))(
    '%s: gives and keeps what the engine would',
    async (kind, parameters) => {
      for (const party of [app, opaqueApp]) {
        const tokens = await pair(party, parameters);
        const first = await expectSame(kind, tokens, { party });
        expect(first.status).toBe(200);
        // The second rotation is of a token that the short way made.
        const again = await refresh(
          party,
          `refresh_token=${String(first.body['refresh_token'])}`,
          'long',
        );
        expect(again.status).toBe(200);
      }
    },
  );

  test('asked for in another way: is what the engine says', async () => {
    const ways: Readonly<Record<string, { form?: string; headers?: object; status: number }>> = {
      'fewer scopes': { form: '&scope=openid', status: 200 },
      'more scopes': { form: '&scope=openid+read', status: 400 },
      'a field that is nothing': { form: '&x=y', status: 200 },
      'an API that was not granted': { form: `&resource=${API}`, status: 400 },
      'another token': { form: 'x', status: 400 },
      'a wrong secret': { headers: { authorization: basic(app.id, 'wrong') }, status: 401 },
      'of another client': {
        headers: { authorization: basic(opaqueApp.id, opaqueApp.secret) },
        status: 400,
      },
      'a proof that is none': { headers: { dpop: 'x' }, status: 400 },
    };
    for (const [name, { status, ...way }] of Object.entries(ways)) {
      const said = await expectSame(name, await pair(app, {}), way);
      expect(said.status, name).toBe(status);
    }
  });

  test('is refused for whoever is disabled, and good again afterwards', async () => {
    const tokens = await pair(app, {});
    await house.accounts.disable(house.alice.id, ORIGIN);
    expect((await expectSame('disabled', tokens)).body['error']).toBe('invalid_grant');
    await house.accounts.enable(house.alice.id, ORIGIN);
  });

  test('is refused for what was revoked, or has expired', async () => {
    const revoked = await pair(app, {});
    for (const token of revoked) await app.post('/revoke', { token });
    expect((await expectSame('revoked', revoked)).body['error']).toBe('invalid_grant');
    const old = await pair(app, {});
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31 * 86_400_000 });
    expect((await expectSame('expired', old)).body['error']).toBe('invalid_grant');
    vi.useRealTimers();
  });

  test('repeated in its window is answered, and after the successor was used ends the chain', async () => {
    const tokens = await pair(app, {});
    const first = await expectSame('first', tokens);
    expect((await expectSame('repeated', tokens)).status).toBe(200);
    expect(
      (await refresh(app, `refresh_token=${String(first.body['refresh_token'])}`, 'short')).body[
        'error'
      ],
    ).toBe('invalid_grant');
  });

  test('is left to the engine for a client whose tokens stay', async () => {
    const staying = await createRelyingParty(house, {
      ...webClient(),
      policy: { rotatesRefreshTokens: false },
    });
    const [token] = await pair(staying, {});
    for (let use = 0; use < 2; use += 1)
      expect((await refresh(staying, `refresh_token=${token}`, 'short')).body).toMatchObject({
        refresh_token: token,
      });
  });

  test('goes on in the generation in which it began', async () => {
    const tokens = await pair(app, {});
    beforeSwap = () => house.keys.rotate();
    expect((await refresh(app, `refresh_token=${tokens[0]}`, 'short')).status).toBe(200);
    beforeSwap = undefined;
  });

  test('whose tokens cannot be kept is answered 503, and takes nothing away', async () => {
    const [token] = await pair(opaqueApp, {});
    const form = `refresh_token=${token}`;
    hasRoomForTokens = false;
    const said = await refresh(opaqueApp, form, 'short');
    hasRoomForTokens = true;
    expect(said).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    await vi.waitFor(async () => {
      const entry = await house.first.state.get(oidcKey('latchkey', chainKey(token)));
      expect(entry?.value).toMatchObject({ live: sha256(token) });
    }, 60_000);
    expect((await refresh(opaqueApp, form, 'short')).status).toBe(200);
  });
});
