import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import * as oidc from 'openid-client';
import { expect } from 'vitest';
import { randomId } from '../../../src/runtime/random.ts';
import type { State } from '../../../src/storage/state.ts';
import {
  CALLBACK,
  createRelyingParty,
  webClient,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const CIBA = 'urn:openid:params:grant-type:ciba';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const PARTNER = 'https://partner.example.com';

/** Does what happens once: gives `done`, or how it was refused. */
export type Use = () => Promise<string>;

/** A provider in process, and what clients do there once. */
export interface Exchanges {
  readonly house: House;
  readonly app: RelyingParty;
  /** Each makes one such thing, and gives its use. */
  readonly makers: Readonly<Record<Exchange, () => Promise<Use>>>;
  makeAssertion(isTimed: boolean): Promise<Use>;
}

/** What is done once at endpoints of the protocol. */
export type Exchange =
  | 'an authorization code'
  | 'a pushed request'
  | 'a page of a sign-in'
  | 'a device code'
  | 'a backchannel request'
  | 'a DPoP proof'
  | 'a client assertion'
  | 'an assertion of a partner';

/** Opens a provider over `state`, with a client for each thing. */
export async function openExchanges(state: State): Promise<Exchanges> {
  const { publicKey, privateKey: key } = await generateKeyPair('ES256', { extractable: true });
  const { kty = '', crv = '', x = '', y = '' } = await exportJWK(publicKey);
  const jwks = { keys: [{ kty, crv, x, y, kid: 'a', alg: 'ES256', use: 'sig' }] };
  const trusted = { issuer: PARTNER, jwks, clients: ['app'], apis: { [API]: ['read'] } };
  const house = await openHouse({
    wrapState: () => state,
    protocol: {
      ciba: { enabled: true },
      deviceFlow: { enabled: true },
      jwtBearer: { issuers: [trusted] },
    },
  });
  const app = await createRelyingParty(house, { id: 'app', ...webClient(APP) });
  await house.client({ id: 'service', metadata: { ...SERVICE, jwks } });
  const parts = { house, app, key };
  const makeAssertion = (isTimed: boolean): Promise<Use> => makeClientAssertion(parts, isTimed);
  return {
    house,
    app,
    makeAssertion,
    makers: {
      'an authorization code': () => makeCode(parts),
      'a pushed request': () => makePushed(parts),
      'a page of a sign-in': () => makePage(parts),
      'a device code': () => makeDeviceCode(parts),
      'a backchannel request': () => makeBackchannel(parts),
      'a DPoP proof': () => makeProof(parts),
      'a client assertion': () => makeAssertion(true),
      'an assertion of a partner': () => makePartnerAssertion(parts),
    },
  };
}

interface Parts {
  readonly house: House;
  readonly app: RelyingParty;
  readonly key: CryptoKey;
}

const APP = {
  grant_types: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    DEVICE,
    CIBA,
    JWT_BEARER,
  ],
  backchannel_token_delivery_mode: 'poll',
} as const;
const SERVICE = {
  client_name: 'The service',
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
};

/** `done`, or the error of OAuth. */
export async function outcomeOf(answer: Promise<Response>): Promise<string> {
  const { error = 'done' } = (await (await answer).json()) as { error?: string };
  return error;
}

async function makeCode({ house, app }: Parts): Promise<Use> {
  const authorized = await app.authorize(house.browser());
  return () => outcomeOf(app.redeem(authorized));
}

async function makePushed({ house, app }: Parts): Promise<Use> {
  const pushed = await app.post('/par', {
    client_id: app.id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: randomId(32),
    code_challenge_method: 'S256',
  });
  const { request_uri } = (await pushed.json()) as { request_uri: string };
  const query = new URLSearchParams({ client_id: app.id, request_uri });
  return async () => {
    const { url, response } = await house.browser().visit(`/authorize?${query.toString()}`);
    if (response !== undefined) expect(response.status).toBe(400);
    return url.searchParams.has('code') ? 'done' : 'no code';
  };
}

async function makeClientAssertion({ house, key }: Parts, isTimed: boolean): Promise<Use> {
  const jwt = new SignJWT({ jti: randomId() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('service')
    .setSubject('service')
    .setAudience(house.issuer)
    .setExpirationTime('5m');
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: CLIENT_ASSERTION,
    client_assertion: await (isTimed ? jwt.setIssuedAt() : jwt).sign(key),
  });
  return () => outcomeOf(fetch(`${house.issuer}/token`, { method: 'POST', body }));
}

async function makePartnerAssertion({ house, app, key }: Parts): Promise<Use> {
  const assertion = await new SignJWT({ jti: randomId() })
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setIssuer(PARTNER)
    .setSubject(house.alice.id)
    .setAudience(house.issuer)
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(key);
  return () => outcomeOf(app.post('/token', { grant_type: JWT_BEARER, assertion }));
}

/** A browser that was sent to the page, and has not opened it yet. */
async function makePage({ house, app }: Parts): Promise<Use> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: app.id,
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: randomId(32),
    code_challenge_method: 'S256',
  });
  const asked = `${house.issuer}/authorize?${query.toString()}`;
  const sent = await fetch(asked, { redirect: 'manual' });
  const cookies = sent.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  const page = new URL(sent.headers.get('location') ?? '', house.issuer);
  return async () => {
    const headers = { cookie: cookies.join('; ') };
    const { status } = await fetch(page, { headers, redirect: 'manual' });
    // What is shown then is told by the pages, which this provider has not.
    return status === 303 ? 'done' : 'gone';
  };
}

async function makeDeviceCode({ house, app }: Parts): Promise<Use> {
  const asked = await oidc.initiateDeviceAuthorization(app.configuration, { scope: 'openid' });
  const browser = house.browser();
  const page = async (form?: Record<string, string>): Promise<Record<string, string>> => {
    const init = form && { method: 'POST', body: new URLSearchParams(form) };
    const { response } = await browser.visit('/device', init);
    return (await response?.json()) as Record<string, string>;
  };
  const { xsrf = '' } = await page();
  const typed = { xsrf, user_code: asked.user_code };
  await page(typed);
  expect(await page({ ...typed, confirm: 'yes' })).toMatchObject({ page: 'device-done' });
  return () =>
    outcomeOf(app.post('/token', { grant_type: DEVICE, device_code: asked.device_code }));
}

async function makeBackchannel({ house, app }: Parts): Promise<Use> {
  const accountId = house.alice.id;
  const { auth_req_id } = await oidc.initiateBackchannelAuthentication(app.configuration, {
    scope: 'openid',
    login_hint: 'alice@example.com',
  });
  const session = {
    uid: 'here',
    accountId,
    authTime: 1_700_000_000,
    amr: [],
    isMultiFactor: false,
  };
  const { backchannelRequests } = house.first.protocol;
  const [asked] = await backchannelRequests.list(accountId);
  const ctx = { req: {}, state: { origin: { address: 'test' } } } as never;
  const said = { session, id: asked?.id ?? '', isApproved: true };
  expect(await backchannelRequests.answer(ctx, said)).toBe('done');
  return () => outcomeOf(app.post('/token', { grant_type: CIBA, auth_req_id }));
}

/** The request is kept as the library sent it, and sent by the test. */
async function makeProof({ app }: Parts): Promise<Use> {
  const handle = oidc.getDPoPHandle(app.configuration, await oidc.randomDPoPKeyPair('ES256'));
  const sent = Promise.withResolvers<Request>();
  app.configuration[oidc.customFetch] = async (url, init) => {
    sent.resolve(new Request(url, init));
    return Response.json({ error: 'kept' }, { status: 400 });
  };
  await oidc.clientCredentialsGrant(app.configuration, {}, { DPoP: handle }).catch(() => undefined);
  app.configuration[oidc.customFetch] = fetch;
  const request = await sent.promise;
  return () => outcomeOf(fetch(request.clone()));
}
