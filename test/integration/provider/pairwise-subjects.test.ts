import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const ACTOR = { by: 'test', origin: { address: 'test' } };

let house: House;
let one: RelyingParty;
let sibling: RelyingParty;
let other: RelyingParty;
let open: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    protocol: { pairwiseSubjects: { enabled: true } },
    registration: { mode: 'open' },
    apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
    outboundFetch: async (url) =>
      new Request(url).url === 'https://sector.example/uris.json'
        ? Response.json(['https://one.example/callback', 'https://two.example/callback'])
        : Response.json({}, { status: 404 }),
  });
  const pairwise = { subject_type: 'pairwise' } as const;
  const sector_identifier_uri = 'https://sector.example/uris.json';
  const uris = ['https://one.example/callback'];
  one = await createRelyingParty(house, webClient(pairwise));
  sibling = await createRelyingParty(house, webClient(pairwise));
  other = await createRelyingParty(
    house,
    webClient({ ...pairwise, sector_identifier_uri, redirect_uris: uris }),
  );
  open = await createRelyingParty(house);
});
afterAll(() => house.close());

interface Names {
  readonly sub: unknown;
  readonly sid: unknown;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** By all ways in which a client is told who somebody is. */
async function namesAt(party: RelyingParty, redirectUri?: string): Promise<Names> {
  const own: Record<string, string> = redirectUri ? { redirect_uri: redirectUri } : {};
  const browser = house.browser();
  const authorized = await party.authorize(browser, {
    resource: API,
    scope: 'openid read email',
    ...own,
  });
  const redeemed = await party.redeem(authorized, undefined, own);
  const tokens = (await redeemed.json()) as Record<string, string>;
  const { access_token: accessToken = '', id_token: idToken = '' } = tokens;
  const { sub } = decodeJwt(idToken);
  const seen = await party.post('/introspect', { token: accessToken });
  const told = (await seen.json()) as JsonObject;
  const info = await oidc.fetchUserInfo(party.configuration, accessToken, String(sub));
  const claims = decodeJwt(accessToken);
  expect([claims.sub, told['sub'], info.sub]).toEqual([sub, sub, sub]);
  expect(told['active']).toBe(true);
  return { sub, sid: claims['sid'], accessToken, refreshToken: tokens['refresh_token'] ?? '' };
}

describe('pairwise subjects (OpenID Connect Core section 8)', () => {
  test('are the same within a sector, others in another, and never the name that all know', async () => {
    const [first, second, third, fourth] = [
      await namesAt(one),
      await namesAt(sibling),
      await namesAt(other, 'https://one.example/callback'),
      await namesAt(open),
    ];
    expect(first.sub).toBe(second.sub);
    expect(new Set([first.sub, third.sub, fourth.sub]).size).toBe(3);
    expect(fourth.sub).toBe(house.alice.id);
    const tokens = [first, second, third].map(({ accessToken }) => decodeJwt(accessToken));
    expect(JSON.stringify(tokens)).not.toContain(house.alice.id);
  });

  test('stay as they are over a refresh, at the engine and past it', async () => {
    const party = await createRelyingParty(house, webClient({ subject_type: 'pairwise' }));
    const tokens = await party.signIn(house.browser(), { prompt: 'consent' });
    for (const path of ['/token', '/token?']) {
      const again = await fetch(`${house.issuer}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${party.id}:${party.secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: tokens.refresh_token ?? '',
        }),
      });
      const { id_token: idToken, ...rest } = (await again.json()) as Record<string, string>;
      expect(decodeJwt(idToken ?? '').sub).toBe(tokens.claims()?.sub);
      Object.assign(tokens, rest);
    }
  });

  test('tell one session apart in each sector, and its end ends the tokens of all', async () => {
    const browser = house.browser();
    const tokens: string[] = [];
    for (const party of [one, sibling, open]) {
      const { access_token: token } = await party.signIn(browser, {
        resource: API,
        scope: 'openid read',
      });
      tokens.push(token);
    }
    const [first, second, known] = tokens.map((token) => decodeJwt(token)['sid']);
    expect(first).toEqual(expect.any(String));
    expect(second).toBe(first);
    expect(first).not.toBe(known);
    await house.accounts.disable(house.alice.id, ACTOR);
    await house.accounts.enable(house.alice.id, ACTOR);
    for (const [index, party] of [one, sibling, open].entries()) {
      const seen = await party.post('/introspect', { token: tokens[index] ?? '' });
      expect(await seen.json()).toEqual({ active: false });
    }
  });

  test('take a JWT of such a client back by its own value', async () => {
    const { accessToken } = await namesAt(one);
    expect((await one.post('/revoke', { token: accessToken })).status).toBe(200);
    const seen = await one.post('/introspect', { token: accessToken });
    expect(await seen.json()).toEqual({ active: false });
  });

  test('need redirect URIs of one host, or a list that says they belong together', async () => {
    const register = async (metadata: object): Promise<{ status: number; body: JsonObject }> => {
      const answer = await fetch(`${house.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ subject_type: 'pairwise', ...metadata }),
      });
      return { status: answer.status, body: (await answer.json()) as JsonObject };
    };
    const two = ['https://one.example/callback', 'https://two.example/callback'];
    expect((await register({ redirect_uris: two })).status).toBe(400);
    const sector_identifier_uri = 'https://sector.example/uris.json';
    expect((await register({ redirect_uris: two, sector_identifier_uri })).status).toBe(201);
    const stray = ['https://three.example/callback'];
    const refused = await register({ redirect_uris: stray, sector_identifier_uri });
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
  });

  test('are announced only where they are on', async () => {
    const supported = async (at: House): Promise<unknown> =>
      ((await (await fetch(`${at.issuer}/.well-known/openid-configuration`)).json()) as JsonObject)[
        'subject_types_supported'
      ];
    expect(await supported(house)).toEqual(['public', 'pairwise']);
    const plain = await openHouse();
    expect(await supported(plain)).toEqual(['public']);
    await plain.close();
  });
});
