import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientPolicy } from '../../../src/clients/clients.ts';
import { CALLBACK, webClient } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
type Profile = ClientPolicy['profile'];

const PARTS = { requestObjects: { enabled: true }, signedAnswers: { enabled: true } };
const APIS = [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }];
const SIGNED = {
  request_object_signing_alg: 'ES256',
  authorization_signed_response_alg: 'ES256',
  introspection_signed_response_alg: 'ES256',
};

let house: House;
let keys: KeyPair;
let weakKeys: KeyPair;

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  weakKeys = await generateKeyPair('RS256', { extractable: true });
  house = await openHouse({ protocol: PARTS, apis: APIS });
});
afterAll(() => house.close());

async function strong(more: object = {}): Promise<object> {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
  const weak = { ...(await exportJWK(weakKeys.publicKey)), kid: 'k2', alg: 'RS256' };
  return {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [jwk, weak] },
    id_token_signed_response_alg: 'ES256',
    dpop_bound_access_tokens: true,
    ...more,
  };
}

interface App {
  readonly id: string;
  readonly configuration: oidc.Configuration;
  readonly DPoP: oidc.DPoPHandle;
}

async function register(profile: Profile, more: object = {}, at = house): Promise<App> {
  const metadata = await strong(more);
  const { id } = await at.client({ ...webClient(metadata), policy: { profile } });
  const configuration = await oidc.discovery(
    new URL(at.issuer),
    id,
    { ...metadata },
    oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' }),
    { execute: [oidc.allowInsecureRequests] },
  );
  const DPoP = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair('ES256'));
  return { id, configuration, DPoP };
}

async function parametersOf(verifier: string): Promise<Record<string, string>> {
  return {
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state-1',
  };
}

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

async function signIn({ configuration, DPoP }: App): Promise<Tokens> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const parameters = await parametersOf(pkceCodeVerifier);
  const url = await oidc.buildAuthorizationUrlWithPAR(configuration, parameters, { DPoP });
  const { url: back } = await house.browser().visit(url.href);
  expect(back.searchParams.get('iss')).toBe(house.issuer);
  const checks = { pkceCodeVerifier, expectedState: 'state-1' };
  return await oidc.authorizationCodeGrant(configuration, back, checks, undefined, { DPoP });
}

const refusedWith = (error: string): object => ({ error });

interface Signing {
  readonly key?: KeyPair;
  readonly alg?: string;
  readonly kid?: string;
  readonly aud?: string | string[];
}

async function assertion(
  id: string,
  { key = keys, alg = 'ES256', kid = 'k1', aud = house.issuer }: Signing = {},
): Promise<Record<string, string>> {
  const jwt = new SignJWT({ iss: id, sub: id, jti: crypto.randomUUID(), aud })
    .setProtectedHeader({ alg, kid })
    .setIssuedAt()
    .setExpirationTime('1m');
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await jwt.sign(key.privateKey),
  };
}

async function push(form: Record<string, string>): Promise<{ status: number; error?: string }> {
  const response = await fetch(`${house.issuer}/par`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const body = (await response.json()) as { readonly error?: string };
  return { status: response.status, ...(body.error !== undefined && { error: body.error }) };
}

describe('a client of the FAPI 2.0 Security Profile', () => {
  let app: App;
  beforeAll(async () => {
    app = await register('fapi2');
  });

  test('gets tokens bound to its key, and keeps its refresh token', async () => {
    const tokens = await signIn(app);
    expect(tokens.token_type).toBe('dpop');
    expect(decodeProtectedHeader(tokens.id_token ?? '').alg).toBe('ES256');
    const refreshToken = tokens.refresh_token ?? '';
    const { configuration, DPoP } = app;
    for (let round = 0; round < 2; round += 1) {
      const next = await oidc.refreshTokenGrant(configuration, refreshToken, undefined, { DPoP });
      expect(next.refresh_token).toBe(refreshToken);
      expect(next.token_type).toBe('dpop');
    }
    const stranger = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair('ES256'));
    await oidc.tokenRevocation(configuration, refreshToken);
    const taken = oidc.refreshTokenGrant(configuration, refreshToken, undefined, { DPoP });
    await expect(taken).rejects.toMatchObject(refusedWith('invalid_grant'));
    const own = { resource: API, scope: 'read' };
    const machine = await oidc.clientCredentialsGrant(configuration, own, { DPoP: stranger });
    expect(decodeJwt(machine.access_token)['cnf']).toHaveProperty('jkt');
  });

  test('must push its requests, with PKCE', async () => {
    const parameters = await parametersOf(oidc.randomPKCECodeVerifier());
    const plain = oidc.buildAuthorizationUrl(app.configuration, parameters);
    const answer = await fetch(plain, { redirect: 'manual' });
    const told = new URL(answer.headers.get('location') ?? '', house.issuer).searchParams;
    expect(told.get('error')).toBe('invalid_request');
    const { code_challenge: _, code_challenge_method: __, ...weaker } = parameters;
    const pushed = oidc.buildAuthorizationUrlWithPAR(app.configuration, weaker);
    await expect(pushed).rejects.toMatchObject(refusedWith('invalid_request'));
  });

  test('gets no token without a proof', async () => {
    const own = { resource: API, scope: 'read' };
    const asked = oidc.clientCredentialsGrant(app.configuration, own);
    await expect(asked).rejects.toMatchObject({ status: 400 });
  });

  test('proves itself to the issuer alone, by a strong algorithm', async () => {
    const form = {
      ...(await parametersOf(oidc.randomPKCECodeVerifier())),
      response_type: 'code',
      client_id: app.id,
    };
    const asks = async (how: Signing): Promise<object> =>
      push({ ...form, ...(await assertion(app.id, how)) });
    const refused = { status: 401, error: 'invalid_client' };
    expect(await asks({})).toEqual({ status: 201 });
    expect(await asks({ aud: `${house.issuer}/token` })).toEqual(refused);
    expect(await asks({ aud: [house.issuer, 'https://other.example'] })).toEqual(refused);
    expect(await asks({ key: weakKeys, alg: 'RS256', kid: 'k2' })).toEqual(refused);
  });

  test('is refused a request that it signed by a weak algorithm', async () => {
    const parameters = await parametersOf(oidc.randomPKCECodeVerifier());
    const request = await new SignJWT({ ...parameters, response_type: 'code', client_id: app.id })
      .setProtectedHeader({ alg: 'RS256', kid: 'k2' })
      .setIssuer(app.id)
      .setAudience(house.issuer)
      .setNotBefore('0s')
      .setExpirationTime('5m')
      .sign(weakKeys.privateKey);
    const form = { request, client_id: app.id, ...(await assertion(app.id)) };
    expect(await push(form)).toEqual({ status: 400, error: 'invalid_request_object' });
  });
});

describe('a client with signed messages as well', () => {
  let app: App;
  beforeAll(async () => {
    app = await register('fapi2-message-signing', SIGNED);
  });

  async function signed(
    more: Record<string, string> = { response_mode: 'jwt' },
    seconds: { readonly nbf?: number; readonly exp?: number } = { nbf: 0, exp: 300 },
  ): Promise<{ readonly request: string; readonly verifier: string }> {
    const verifier = oidc.randomPKCECodeVerifier();
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...(await parametersOf(verifier)),
      response_type: 'code',
      client_id: app.id,
      ...more,
      ...(seconds.nbf !== undefined && { nbf: now + seconds.nbf }),
      ...(seconds.exp !== undefined && { exp: now + seconds.exp }),
    };
    const request = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(app.id)
      .setAudience(house.issuer)
      .sign(keys.privateKey);
    return { request, verifier };
  }

  const pushed = (request: string): Promise<URL> =>
    oidc.buildAuthorizationUrlWithPAR(app.configuration, { request });

  test('signs its request, and gets a signed answer', async () => {
    const { request, verifier } = await signed();
    const url = await pushed(request);
    const { url: back } = await house.browser().visit(url.href);
    expect([...back.searchParams.keys()]).toEqual(['response']);
    oidc.useJwtResponseMode(app.configuration);
    const checks = { pkceCodeVerifier: verifier, expectedState: 'state-1' };
    const { DPoP } = app;
    const tokens = await oidc.authorizationCodeGrant(app.configuration, back, checks, undefined, {
      DPoP,
    });
    const introspect = async (accept: string): Promise<Response> =>
      fetch(`${house.issuer}/introspect`, {
        method: 'POST',
        headers: { accept },
        body: new URLSearchParams({
          token: tokens.access_token,
          client_id: app.id,
          ...(await assertion(app.id)),
        }),
      });
    const told = await introspect('application/token-introspection+jwt');
    expect(decodeJwt(await told.text())).toMatchObject({ token_introspection: { active: true } });
    const plain = await introspect('application/json');
    expect(plain.status).toBe(400);
    expect(await plain.text()).not.toContain('active');
  });

  test('is refused a request that is not signed, or asks for an answer that is not', async () => {
    const parameters = await parametersOf(oidc.randomPKCECodeVerifier());
    const unsigned = oidc.buildAuthorizationUrlWithPAR(app.configuration, {
      ...parameters,
      response_mode: 'jwt',
    });
    await expect(unsigned).rejects.toMatchObject(refusedWith('invalid_request'));
    for (const more of [{}, { response_mode: 'query' }, { response_mode: 'form_post' }] as Record<
      string,
      string
    >[]) {
      const { request } = await signed(more);
      await expect(pushed(request)).rejects.toMatchObject(refusedWith('invalid_request'));
    }
  });

  test.each([
    ['has no end', { nbf: 0 }],
    ['has no beginning', { exp: 300 }],
    ['is good for more than an hour', { nbf: 0, exp: 3601 }],
    ['is over', { nbf: -600, exp: -300 }],
  ])('is refused a signed request that %s', async (_, seconds) => {
    const { request } = await signed({ response_mode: 'jwt' }, seconds);
    await expect(pushed(request)).rejects.toMatchObject(refusedWith('invalid_request_object'));
  });
});

describe('an installation that requires the profile of all', () => {
  test('refuses clients that were registered when less was asked, and says so in the log', async () => {
    const strict = await openHouse({ apis: APIS, protocol: { fapi2: { required: 'fapi2' } } });
    const { id, secret } = await strict.client(webClient());
    const app = await oidc.discovery(new URL(strict.issuer), id, secret, undefined, {
      execute: [oidc.allowInsecureRequests],
    });
    const metadata = app.serverMetadata();
    expect(metadata.require_pushed_authorization_requests).toBe(true);
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(['private_key_jwt']);
    expect(metadata.id_token_signing_alg_values_supported).not.toContain('RS256');
    const own = { resource: API, scope: 'read' };
    const asked = oidc.clientCredentialsGrant(app, own);
    await expect(asked).rejects.toMatchObject(refusedWith('invalid_client'));
    const good = await register(undefined, {}, strict);
    const { DPoP } = good;
    const tokens = await oidc.clientCredentialsGrant(good.configuration, own, { DPoP });
    expect(tokens.token_type).toBe('dpop');
    const { id: ours } = await strict.client({ ...webClient(), id: 'latchkey-account' });
    const query = {
      client_id: ours,
      ...(await parametersOf('x'.repeat(43))),
      response_type: 'code',
    };
    const page = await fetch(
      `${strict.issuer}/authorize?${new URLSearchParams(query).toString()}`,
      { redirect: 'manual' },
    );
    expect(page.headers.get('location')).not.toContain('error');
    const told = strict.first.log.filter(
      ({ fields }) => fields['event'] === 'client.below_profile',
    );
    expect(told).toHaveLength(1);
    expect(told[0]?.fields).toMatchObject({ clientId: id });
    await strict.close();
  });

  test('tells clients that register themselves what is missing', async () => {
    const strict = await openHouse({
      registration: { mode: 'open' },
      security: 'fapi2',
      protocol: { fapi2: { required: 'fapi2' } },
    });
    const ask = async (metadata: object): Promise<{ status: number; body: string }> => {
      const response = await fetch(`${strict.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [CALLBACK], ...metadata }),
      });
      return { status: response.status, body: await response.text() };
    };
    const weak = await ask({});
    expect(weak.status).toBe(400);
    expect(weak.body).toContain('token_endpoint_auth_method: must be one of private_key_jwt');
    expect((await ask(await strong())).status).toBe(201);
    await strict.close();
  });
});
