import { exportJWK, generateKeyPair, SignJWT, decodeJwt, type JWK } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { basic, createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const PARTNER = 'https://partner.example.com';
const DIRECTORY = 'https://directory.example.com';
const ACTOR = { by: 'test', origin: { address: 'test' } };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

let house: House;
let client: RelyingParty;
let other: RelyingParty;
let partner: Pair;
let directory: Pair;
/** What `DIRECTORY` has published; undefined: it does not answer. */
let published: JWK[] | undefined;
let fetched = 0;

beforeAll(async () => {
  partner = await generateKeyPair('ES256');
  directory = await generateKeyPair('ES256');
  const trusted = { clients: ['agent'], apis: { [API]: ['read'] } };
  house = await openHouse({
    nodes: 2,
    protocol: {
      jwtBearer: {
        issuers: [
          { ...trusted, issuer: PARTNER, jwks: { keys: [await publicJwk(partner, 'a')] } },
          { ...trusted, issuer: DIRECTORY, jwksUri: `${DIRECTORY}/keys`, subject: 'email' },
        ],
      },
    },
    async outboundFetch() {
      fetched += 1;
      if (published === undefined) throw new TypeError('nobody answers');
      return Response.json({ keys: published });
    },
  });
  const metadata = { client_name: 'An agent', grant_types: [GRANT] };
  client = await createRelyingParty(house, { id: 'agent', metadata });
  other = await createRelyingParty(house, { id: 'other', metadata });
});
afterAll(() => house.close());

async function publicJwk({ publicKey }: Pair, kid: string): Promise<JWK> {
  // Without `key_ops` and `ext`, which a set from outside would not have.
  const { kty, crv, x, y } = await exportJWK(publicKey);
  return JSON.parse(JSON.stringify({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }));
}

interface Signing {
  readonly header?: JsonObject;
  readonly key?: Pair['privateKey'];
}

/** `undefined`: without that claim. */
type Claims = Readonly<Record<string, unknown>>;

function assertion(claims: Claims = {}, { header, key }: Signing = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = {
    iss: PARTNER,
    sub: house.alice.id,
    aud: house.issuer,
    iat: now,
    exp: now + 120,
    jti: crypto.randomUUID(),
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(all)))
    .setProtectedHeader({ alg: 'ES256', kid: 'a', ...header })
    .sign(key ?? partner.privateKey);
}

function fromDirectory(claims: Claims = {}): Promise<string> {
  const about = { iss: DIRECTORY, sub: 'u-1', email: 'ALICE@example.com', email_verified: true };
  return assertion({ ...about, ...claims }, { key: directory.privateKey });
}

function ask(
  value: string,
  more: Record<string, string> = {},
  { by = client, at = house.issuer } = {},
): Promise<Response> {
  return by.post('/token', { grant_type: GRANT, assertion: value, ...more }, at);
}

async function errorOf(answer: Promise<Response>): Promise<unknown> {
  return ((await (await answer).json()) as JsonObject)['error'];
}

describe('an access token for the assertion of another (RFC 7523)', () => {
  test('is for the person, within what the issuer may, and without a refresh token', async () => {
    const answer = await oidc.genericGrantRequest(client.configuration, GRANT, {
      assertion: await assertion(),
    });
    expect(answer).toMatchObject({ token_type: 'bearer', scope: 'read' });
    expect(answer.refresh_token).toBeUndefined();
    expect(answer.id_token).toBeUndefined();
    expect(decodeJwt(answer.access_token)).toMatchObject({
      sub: house.alice.id,
      aud: API,
      client_id: 'agent',
      scope: 'read',
    });
    expect(house.audited).toContainEqual(
      expect.objectContaining({
        type: 'assertion.redeemed',
        accountId: house.alice.id,
        clientId: 'agent',
        assertionIssuer: PARTNER,
        audience: API,
      }),
    );
    const told = await client.post('/introspect', { token: answer.access_token });
    expect(await told.json()).toMatchObject({ active: true, sub: house.alice.id });
  });

  test('is announced', () => {
    expect(client.configuration.serverMetadata().grant_types_supported).toContain(GRANT);
  });

  test('is given once, on whichever nodes it is asked for at once', async () => {
    const value = await assertion();
    const answers = await Promise.all(
      house.nodes.flatMap(({ url }) => [ask(value, {}, { at: url }), ask(value, {}, { at: url })]),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await errorOf(ask(value))).toBe('invalid_grant');
  });

  test.each<[string, (now: number) => Claims]>([
    ['of an issuer that nobody trusts', () => ({ iss: 'https://evil.example.com' })],
    ['without an issuer', () => ({ iss: undefined })],
    ['for somebody else', () => ({ aud: 'https://other.example.com' })],
    ['for somebody else as well', () => ({ aud: ['https://other.example.com'] })],
    ['that has expired', () => ({ iat: 1, exp: 100 })],
    ['that is good for too long', (now) => ({ exp: now + 3600 })],
    ['of the future', (now) => ({ iat: now + 100 })],
    ['without an id', () => ({ jti: undefined })],
    ['about nobody', () => ({ sub: undefined })],
    ['about a person who is not here', () => ({ sub: 'acct-nobody' })],
  ])('is refused for one %s', async (_, claims) => {
    const value = await assertion(claims(Math.floor(Date.now() / 1000)));
    expect(await errorOf(ask(value))).toBe('invalid_grant');
  });

  test('is refused for one that is meant for others, too', async () => {
    const value = await assertion({ aud: [house.issuer, 'https://other.example.com'] });
    expect(await errorOf(ask(value))).toBe('invalid_grant');
    expect((await ask(await assertion({ aud: [house.issuer] }))).status).toBe(200);
    expect((await ask(await assertion({ aud: `${house.issuer}/token` }))).status).toBe(200);
  });

  test("is refused for one that another's key signed, an unfit algorithm, or another kind of JWT", async () => {
    const foreign = await assertion({}, { key: directory.privateKey });
    expect(await errorOf(ask(foreign))).toBe('invalid_grant');
    const { privateKey } = await generateKeyPair('PS256');
    const header = { alg: 'PS256' };
    expect(await errorOf(ask(await assertion({}, { key: privateKey, header })))).toBe(
      'invalid_grant',
    );
    for (const typ of ['at+jwt', 'logout+jwt', 'secevent+jwt'])
      expect(await errorOf(ask(await assertion({}, { header: { typ } })))).toBe('invalid_grant');
    expect(await errorOf(ask('not.a.jwt'))).toBe('invalid_grant');
    expect(await errorOf(ask(''))).toBe('invalid_request');
  });

  test('is refused to other clients, and for more than the issuer may', async () => {
    expect(await errorOf(ask(await assertion(), {}, { by: other }))).toBe('unauthorized_client');
    expect(await errorOf(ask(await assertion(), { scope: 'write' }))).toBe('invalid_scope');
    const elsewhere = { resource: 'https://other.example.com' };
    expect(await errorOf(ask(await assertion(), elsewhere))).toBe('invalid_target');
  });

  test('is not used up by a request that is refused', async () => {
    const value = await assertion();
    expect(await errorOf(ask(value, { scope: 'write' }))).toBe('invalid_scope');
    expect((await ask(value)).status).toBe(200);
  });

  test('is refused for a person who is shut out, and falls with them', async () => {
    const issued = (await (await ask(await assertion())).json()) as {
      readonly access_token: string;
    };
    await house.accounts.disable(house.alice.id, ACTOR);
    const told = await client.post('/introspect', { token: issued.access_token });
    expect(await told.json()).toStrictEqual({ active: false });
    expect(await errorOf(ask(await assertion()))).toBe('invalid_grant');
    await house.accounts.enable(house.alice.id, ACTOR);
  });

  test('is bound to the key of a proof, which leaves the assertion unused when it is not good', async () => {
    const value = await assertion();
    const headers = { dpop: 'a.b.c', authorization: basic(client.id, client.secret) };
    const body = new URLSearchParams({ grant_type: GRANT, assertion: value });
    const vain = fetch(`${house.issuer}/token`, { method: 'POST', headers, body });
    expect(await errorOf(vain)).toBe('invalid_dpop_proof');
    const DPoP = oidc.getDPoPHandle(client.configuration, await oidc.randomDPoPKeyPair('ES256'));
    const parameters = { assertion: value };
    const asked = oidc.genericGrantRequest(client.configuration, GRANT, parameters, { DPoP });
    const { access_token: token, token_type: kind } = await asked;
    expect(kind).toBe('dpop');
    expect(decodeJwt(token)).toMatchObject({ cnf: { jkt: expect.any(String) } });
  });
});

describe('an issuer that publishes its keys', () => {
  test('can be out of reach: then nothing is known, and nothing used up', async () => {
    published = undefined;
    const value = await fromDirectory();
    expect(await errorOf(ask(value))).toBe('temporarily_unavailable');
    expect(house.first.log).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ event: 'assertion.keys_unavailable' }),
      }),
    );
    published = [await publicJwk(directory, 'a')];
    expect((await ask(value)).status).toBe(200);
  });

  test('is asked once for many assertions, and not for each unknown key', async () => {
    published = [await publicJwk(directory, 'a')];
    expect((await ask(await fromDirectory())).status).toBe(200);
    const before = fetched;
    expect((await ask(await fromDirectory())).status).toBe(200);
    const now = { iss: DIRECTORY };
    const header = { kid: 'unknown' };
    const key = directory.privateKey;
    expect(await errorOf(ask(await assertion(now, { key, header })))).toBe('invalid_grant');
    expect(await errorOf(ask(await assertion(now, { key, header })))).toBe('invalid_grant');
    expect(fetched).toBe(before);
  });

  test('names people by an address that both have verified', async () => {
    published = [await publicJwk(directory, 'a')];
    expect(await errorOf(ask(await fromDirectory({ email_verified: false })))).toBe(
      'invalid_grant',
    );
    expect(await errorOf(ask(await fromDirectory({ email_verified: 'true' })))).toBe(
      'invalid_grant',
    );
    // A username is no address.
    expect(await errorOf(ask(await fromDirectory({ email: 'alice' })))).toBe('invalid_grant');
    const bob = await house.accounts.create({ email: 'bob@example.com' }, ACTOR);
    const aboutBob = { email: 'bob@example.com' };
    expect(await errorOf(ask(await fromDirectory(aboutBob)))).toBe('invalid_grant');
    await house.accounts.verifyEmail(bob.id, 'bob@example.com', ACTOR);
    expect((await ask(await fromDirectory(aboutBob))).status).toBe(200);
  });
});
