import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { setTimeout as delay } from 'node:timers/promises';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTickets } from '../../src/accounts/create-tickets.ts';
import { createFlows } from '../../src/flows/create-flows.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import type { State } from '../../src/storage/state.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../support/provider-client.ts';
import { CALLBACK } from '../support/provider-client.ts';
import { openHouse, type House } from '../support/provider-house.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const CIBA = 'urn:openid:params:grant-type:ciba';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Does what happens once: gives `done`, or how it was refused. */
type Use = () => Promise<string>;

let one: TestRedis;
let other: TestRedis;
let wire: TcpProxy;
let state: State;
let house: House;
let app: RelyingParty;
let key: CryptoKey;
let serviceId: string;

/** By its name: what makes such a thing, and how its use is refused. */
const ONCE: Readonly<
  Record<string, { readonly make: () => Promise<Use>; readonly refusal: string }>
> = {
  'an authorization code': { make: makeCode, refusal: 'invalid_grant' },
  'a pushed request': { make: makePushed, refusal: 'no code' },
  'a device code': { make: makeDeviceCode, refusal: 'invalid_grant' },
  'a backchannel request': { make: makeBackchannel, refusal: 'invalid_grant' },
  'a DPoP proof': { make: makeProof, refusal: 'invalid_dpop_proof' },
  'a client assertion': { make: () => makeAssertion(), refusal: 'invalid_client' },
  'a link that recovers an account': { make: makeTicket, refusal: 'gone' },
  'a step of a sign-in': { make: makeFlow, refusal: 'gone' },
};
/** Of each: one that was used at the old master after the other was cut off, and one that was not used. */
const made = new Map<string, { readonly spent: Use; readonly kept: Use }>();
let refreshed: { readonly before: string; readonly after: string };

beforeAll(async () => {
  one = await startRedis({ port: 0, args: ['--repl-diskless-sync-delay', '0'] });
  other = await startRedis({ port: 0, args: ['--replicaof', '127.0.0.1', String(one.port)] });
  wire = await startTcpProxy({ port: one.port });
  const { logger } = createRecordingLogger();
  const settings = redisSettings(`redis://127.0.0.1:${wire.port}/0`);
  state = await openRedisState(settings, { clock: systemClock, logger });
  house = await openHouse({
    wrapState: () => state,
    protocol: { ciba: { enabled: true }, deviceFlow: { enabled: true } },
  });
  const grants = ['authorization_code', 'refresh_token', 'client_credentials', DEVICE, CIBA];
  app = await createRelyingParty(
    house,
    webClient({ grant_types: grants, backchannel_token_delivery_mode: 'poll' }),
  );
  await registerService();
  await useAndFailOver();
}, 60_000);
afterAll(async () => {
  await house?.close();
  await state?.close();
  await wire?.close();
  await Promise.all([one?.stop(), other?.stop()]);
});

async function useAndFailOver(): Promise<void> {
  for (const [name, { make }] of Object.entries(ONCE))
    made.set(name, { spent: await make(), kept: await make() });
  const { refresh_token: before = '' } = await app.signIn(house.browser());
  await one.execute('WAIT', '1', '5000');
  await other.execute('REPLICAOF', 'NO', 'ONE');
  // From here on the other is told nothing: the tail that is lost.
  for (const [name, { spent }] of made) expect([name, await spent()]).toEqual([name, 'done']);
  const answer = await app.refresh(before);
  const { refresh_token: after } = (await answer.json()) as { refresh_token: string };
  refreshed = { before, after };
  wire.leadTo({ port: other.port });
  await one.kill();
  while (!(await state.health()).ok) await delay(50);
}

async function registerService(): Promise<void> {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  const { id } = await house.client({
    metadata: {
      client_name: 'The service',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256' }] },
    },
  });
  serviceId = id;
}

async function outcomeOf(answer: Promise<Response>): Promise<string> {
  const { error = 'done' } = (await (await answer).json()) as { error?: string };
  return error;
}

async function makeCode(): Promise<Use> {
  const authorized = await app.authorize(house.browser());
  return () => outcomeOf(app.redeem(authorized));
}

async function makePushed(): Promise<Use> {
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

async function makeDeviceCode(): Promise<Use> {
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

async function makeBackchannel(): Promise<Use> {
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
async function makeProof(): Promise<Use> {
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

async function makeAssertion(isTimed = true): Promise<Use> {
  const jwt = new SignJWT({ jti: randomId() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(serviceId)
    .setSubject(serviceId)
    .setAudience(house.issuer)
    .setExpirationTime('5m');
  const client_assertion = await (isTimed ? jwt.setIssuedAt() : jwt).sign(key);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION,
    client_assertion,
  });
  return () => outcomeOf(fetch(`${house.issuer}/token`, { method: 'POST', body }));
}

async function makeTicket(): Promise<Use> {
  const tickets = createTickets({ state, clock: systemClock });
  const { token } = await tickets.issue({ kind: 'recovery', about: randomId() });
  return async () => ((await tickets.use('recovery', token)) ? 'done' : 'gone');
}

async function makeFlow(): Promise<Use> {
  const flows = createFlows({ state, clock: systemClock, namespace: 'latchkey' });
  const id = randomId();
  await flows.change(flows.begin({ purpose: 'sign-in', id, ttlSeconds: 600 }), {});
  return async () => {
    const flow = await flows.find('sign-in', id);
    return flow && (await flows.end(flow)) ? 'done' : 'gone';
  };
}

describe('a replica that is promoted and lacks what was done last', () => {
  test.each(Object.entries(ONCE))('does not do %s again', async (name, { refusal }) => {
    expect(await made.get(name)?.spent()).toBe(refusal);
  });

  test.each(Object.entries(ONCE))(
    'refuses %s that was not used, since nobody can tell, and takes a new one',
    async (name, { make, refusal }) => {
      expect(await made.get(name)?.kept()).toBe(refusal);
      // Of a proof the second in which the replica was seen counts as before.
      const useNew = async (): Promise<string> => (await make())();
      await expect.poll(useNew, { timeout: 3000 }).toBe('done');
    },
  );

  test('takes no client assertion for a minute that does not say when it was made', async () => {
    expect(await (await makeAssertion(false))()).toBe('invalid_client');
  });

  test('has the client sign in again whose refresh it lacks, and nobody else have its place', async () => {
    expect(await outcomeOf(app.refresh(refreshed.after))).toBe('invalid_grant');
    expect(await outcomeOf(app.refresh(refreshed.before))).toBe('invalid_grant');
  });

  test('has not taken away what was signed in', async () => {
    const { refresh_token = '' } = await app.signIn(house.browser());
    expect((await app.refresh(refresh_token)).status).toBe(200);
  });
});
