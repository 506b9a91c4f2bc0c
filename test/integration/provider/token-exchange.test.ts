import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ExchangePolicy } from '../../../src/clients/exchange-policy.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ORDERS = 'https://orders.example.com';
const OPAQUE = 'https://opaque.example.com';
const ACTOR = { by: 'test', origin: { address: 'test' } };

let house: House;
let app: RelyingParty;
let gateway: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    nodes: 2,
    protocol: { tokenExchange: { enabled: true } },
    apis: [
      { identifier: API, name: 'The API', scopes: { read: 'Read', write: 'Change' } },
      { identifier: ORDERS, name: 'Orders', scopes: { read: 'Read', write: 'Change', all: 'All' } },
      { identifier: OPAQUE, name: 'Opaque', scopes: { read: 'Read' }, accessTokenFormat: 'opaque' },
    ],
  });
  app = await createRelyingParty(house);
  gateway = await exchanger();
});
afterAll(() => house.close());

function exchanger(
  policy: Partial<ExchangePolicy> = {},
  subjects: readonly string[] = [app.id],
): Promise<RelyingParty> {
  return createRelyingParty(house, {
    metadata: { client_name: 'The gateway', grant_types: [GRANT, 'client_credentials'] },
    policy: {
      tokenExchange: {
        subjects: [...subjects],
        audiences: [ORDERS, OPAQUE],
        impersonation: false,
        delegation: true,
        ...policy,
      },
    },
  });
}

interface SignedIn {
  readonly token: string;
  readonly refreshToken: string;
}

async function signIn(resource = API, scope = 'offline_access read'): Promise<SignedIn> {
  const tokens = await app.signIn(house.browser(), { resource, scope: `openid ${scope}` });
  const { access_token: token, refresh_token: refreshToken = '' } = await oidc.refreshTokenGrant(
    app.configuration,
    tokens.refresh_token ?? '',
    { resource, scope },
  );
  return { token, refreshToken };
}

function ask(
  token: string,
  more: Record<string, string> = {},
  client = gateway,
): Promise<Response> {
  return client.post('/token', {
    grant_type: GRANT,
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    audience: ORDERS,
    ...more,
  });
}

async function exchange(
  token: string,
  more: Record<string, string> = {},
  client = gateway,
): Promise<string> {
  const response = await ask(token, more, client);
  const body = (await response.json()) as { readonly access_token: string };
  expect(body, JSON.stringify(body)).toMatchObject({ issued_token_type: ACCESS_TOKEN });
  return body.access_token;
}

async function errorOf(answer: Promise<Response>): Promise<unknown> {
  return ((await (await answer).json()) as JsonObject)['error'];
}

async function introspect(token: string, at: string, client = gateway): Promise<JsonObject> {
  const response = await client.post('/introspect', { token }, at);
  return (await response.json()) as JsonObject;
}

const FORMS = [
  ['JWT', API, ORDERS],
  ['opaque', OPAQUE, OPAQUE],
] as const;

describe('a token in exchange for another (RFC 8693)', () => {
  test('is for the other API, says who acts, and has nothing that the first did not', async () => {
    const { token } = await signIn();
    const answer = await oidc.genericGrantRequest(gateway.configuration, GRANT, {
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      audience: ORDERS,
    });
    expect(answer).toMatchObject({ token_type: 'bearer', scope: 'read' });
    const claims = decodeJwt(answer.access_token);
    expect(claims).toMatchObject({
      sub: house.alice.id,
      aud: ORDERS,
      client_id: gateway.id,
      scope: 'read',
      act: { sub: gateway.id },
    });
    expect(claims.exp).toBeLessThanOrEqual(decodeJwt(token).exp ?? 0);
    expect(house.audited).toContainEqual(
      expect.objectContaining({
        type: 'token.exchanged',
        clientId: gateway.id,
        subjectClient: app.id,
        actor: gateway.id,
        audience: ORDERS,
      }),
    );
    const told = await introspect(answer.access_token, house.issuer);
    expect(told).toMatchObject({ active: true, act: { sub: gateway.id } });
  });

  test('is announced', () => {
    expect(gateway.configuration.serverMetadata().grant_types_supported).toContain(GRANT);
  });

  test('is refused for more: another scope, another API, another client, a wrong token', async () => {
    const { token, refreshToken } = await signIn();
    expect(await errorOf(ask(token, { scope: 'read write' }))).toBe('invalid_scope');
    expect(await errorOf(ask(token, { scope: 'all' }))).toBe('invalid_scope');
    expect(await errorOf(ask(token, { audience: API }))).toBe('invalid_target');
    expect(await errorOf(ask(token, { audience: ORDERS, resource: OPAQUE }))).toBe(
      'invalid_target',
    );
    expect(await errorOf(ask(refreshToken))).toBe('invalid_request');
    expect(await errorOf(ask(`${token}x`))).toBe('invalid_request');
    const type = 'urn:ietf:params:oauth:token-type:refresh_token';
    expect(await errorOf(ask(token, { subject_token_type: type }))).toBe('invalid_request');
    expect(await errorOf(ask(token, { requested_token_type: type }))).toBe('invalid_request');
    const other = await exchanger({}, ['someone-else']);
    expect(await errorOf(ask(token, {}, other))).toBe('invalid_request');
    expect(await errorOf(ask(token, {}, await withoutPolicy()))).toBe('unauthorized_client');
    const own = await oidc.clientCredentialsGrant(gateway.configuration, { resource: ORDERS });
    const self = await exchanger({}, ['*']);
    expect(await errorOf(ask(own.access_token, {}, self))).toBe('invalid_request');
  });

  test('is bound to the key of a proof, and got for a bound token by whoever has its key alone', async () => {
    const pair = await oidc.randomDPoPKeyPair('ES256');
    const { refreshToken, token } = await signIn();
    const { access_token: bound, token_type: kind } = await oidc.refreshTokenGrant(
      app.configuration,
      refreshToken,
      { resource: API, scope: 'read' },
      { DPoP: oidc.getDPoPHandle(app.configuration, pair) },
    );
    expect(kind).toBe('dpop');
    expect(await errorOf(ask(bound))).toBe('invalid_request');
    const exchangeBy = async (
      subject_token: string,
      keys: typeof pair,
    ): Promise<oidc.TokenEndpointResponse> => {
      const DPoP = oidc.getDPoPHandle(gateway.configuration, keys);
      const parameters = { subject_token, subject_token_type: ACCESS_TOKEN, audience: ORDERS };
      return await oidc.genericGrantRequest(gateway.configuration, GRANT, parameters, { DPoP });
    };
    const other = await oidc.randomDPoPKeyPair('ES256');
    await expect(exchangeBy(bound, other)).rejects.toMatchObject({ error: 'invalid_request' });
    const { cnf } = decodeJwt(bound);
    const answers = [await exchangeBy(bound, pair), await exchangeBy(token, pair)];
    for (const answer of answers) {
      expect(answer).toMatchObject({ token_type: 'dpop', issued_token_type: ACCESS_TOKEN });
      expect(decodeJwt(answer.access_token)['cnf']).toEqual(cnf);
    }
  });

  test('is not got by a proof that is not for us, nor twice by one', async () => {
    const { token } = await signIn();
    const sent: Request[] = [];
    gateway.configuration[oidc.customFetch] = async (url, init) => {
      const request = new Request(url, init);
      sent.push(request.clone());
      return await fetch(request);
    };
    const DPoP = oidc.getDPoPHandle(gateway.configuration, await oidc.randomDPoPKeyPair('ES256'));
    const parameters = { subject_token: token, subject_token_type: ACCESS_TOKEN, audience: ORDERS };
    await oidc.genericGrantRequest(gateway.configuration, GRANT, parameters, { DPoP });
    delete gateway.configuration[oidc.customFetch];
    const [used] = sent;
    if (used === undefined) throw new Error('nothing was sent');
    expect(await errorOf(fetch(used.clone()))).toBe('invalid_dpop_proof');
    const elsewhere = new Request(used, {
      headers: { ...Object.fromEntries(used.headers), dpop: 'a.b.c' },
    });
    expect(await errorOf(fetch(elsewhere))).toBe('invalid_dpop_proof');
  });

  test('names a chain of those who act, and none for a client that may impersonate', async () => {
    const { token } = await signIn();
    const first = await exchange(token);
    const second = await exchanger({}, [gateway.id]);
    const actor = await oidc.clientCredentialsGrant(second.configuration, { resource: ORDERS });
    const more = { actor_token: actor.access_token, actor_token_type: ACCESS_TOKEN };
    expect(decodeJwt(await exchange(first, more, second))).toMatchObject({
      act: { sub: second.id, act: { sub: gateway.id } },
    });
    // An actor token of another client.
    expect(await errorOf(ask(token, more))).toBe('invalid_request');
    const hidden = await exchanger({ impersonation: true, delegation: false }, [
      app.id,
      gateway.id,
    ]);
    expect(decodeJwt(await exchange(token, {}, hidden))['act']).toBeUndefined();
    expect(decodeJwt(await exchange(first, {}, hidden))['act']).toStrictEqual({ sub: gateway.id });
    const neither = await exchanger({ delegation: false });
    expect(await errorOf(ask(token, {}, neither))).toBe('invalid_request');
  });

  test.each(FORMS)('falls with the token it was got for (%s)', async (_, from, to) => {
    const { token } = await signIn(from);
    const exchanged = await exchange(token, { audience: to });
    await app.post('/revoke', { token });
    for (const { url } of house.nodes)
      await vi.waitFor(
        async () => expect(await introspect(exchanged, url)).toStrictEqual({ active: false }),
        { timeout: 60_000, interval: 20 },
      );
    expect(await errorOf(ask(token))).toBe('invalid_request');
  });

  test.each(FORMS)(
    'falls with the grant of that, through two exchanges (%s)',
    async (_, from, to) => {
      const { token, refreshToken } = await signIn(from);
      const second = await exchanger({}, [gateway.id]);
      const twice = await exchange(
        await exchange(token, { audience: to }),
        { audience: to },
        second,
      );
      expect(await introspect(twice, house.issuer, second)).toMatchObject({ active: true });
      await app.post('/revoke', { token: refreshToken });
      for (const { url } of house.nodes)
        await vi.waitFor(
          async () => expect(await introspect(twice, url, second)).toStrictEqual({ active: false }),
          { timeout: 60_000, interval: 20 },
        );
    },
  );

  test('falls with the session in which it began', async () => {
    const browser = house.browser();
    const tokens = await app.signIn(browser, { resource: API, scope: 'openid read' });
    const { sid } = decodeJwt(tokens.access_token);
    const exchanged = await exchange(tokens.access_token);
    const session = { kind: 'session', sessionUid: String(sid) } as const;
    await house.takeBack.revoke(session, { reason: 'test', actor: ACTOR });
    expect(await introspect(exchanged, house.issuer)).toStrictEqual({ active: false });
  });

  test('is not issued for a person who is shut out, and falls with them', async () => {
    const { token } = await signIn();
    const exchanged = await exchange(token);
    await house.accounts.disable(house.alice.id, ACTOR);
    expect(await introspect(exchanged, house.issuer)).toStrictEqual({ active: false });
    expect(await errorOf(ask(token))).toBe('invalid_request');
    await house.accounts.enable(house.alice.id, ACTOR);
  });

  test('falls with the client it was got from', async () => {
    const other = await createRelyingParty(house, webClient());
    const client = await exchanger({}, [other.id]);
    const tokens = await other.signIn(house.browser(), { resource: API, scope: 'openid read' });
    const exchanged = await exchange(tokens.access_token, {}, client);
    await house.clients.delete(other.id, ACTOR);
    expect(await introspect(exchanged, house.issuer, client)).toStrictEqual({ active: false });
    expect(await errorOf(ask(tokens.access_token, {}, client))).toBe('invalid_request');
  });
});

function withoutPolicy(): Promise<RelyingParty> {
  return createRelyingParty(house, {
    metadata: { client_name: 'Without a policy', grant_types: [GRANT] },
  });
}
