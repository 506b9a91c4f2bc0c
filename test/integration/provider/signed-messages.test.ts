import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLBACK, webClient } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

let house: House;
let keys: KeyPair;
let app: oidc.Configuration;

beforeAll(async () => {
  house = await openHouse({
    protocol: { requestObjects: { enabled: true }, signedAnswers: { enabled: true } },
    apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
  });
  keys = await generateKeyPair('ES256', { extractable: true });
  app = await register({ require_signed_request_object: true });
});
afterAll(() => house.close());

async function register(metadata: object): Promise<oidc.Configuration> {
  const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const signed = {
    request_object_signing_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    ...metadata,
  };
  const { id, secret } = await house.client(webClient({ ...signed, jwks: { keys: [publicJwk] } }));
  return await oidc.discovery(
    new URL(house.issuer),
    id,
    { client_secret: secret, ...signed },
    oidc.ClientSecretBasic(secret),
    {
      execute: [oidc.allowInsecureRequests],
    },
  );
}

/** From the signed request to the tokens, by a signed answer if `isJarm`. */
async function signIn(
  configuration: oidc.Configuration,
  way: 'by value' | 'pushed',
): Promise<oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: 'state-1',
    response_mode: 'jwt',
  };
  const signed = await oidc.buildAuthorizationUrlWithJAR(
    configuration,
    parameters,
    keys.privateKey,
  );
  const url =
    way === 'by value'
      ? signed
      : await oidc.buildAuthorizationUrlWithPAR(configuration, {
          request: signed.searchParams.get('request') ?? '',
        });
  const { url: back } = await house.browser().visit(url.href);
  expect([...back.searchParams.keys()]).toEqual(['response']);
  const response = back.searchParams.get('response') ?? '';
  expect(decodeProtectedHeader(response).alg).toBe('ES256');
  oidc.useJwtResponseMode(configuration);
  return await oidc.authorizationCodeGrant(configuration, back, {
    pkceCodeVerifier,
    expectedState: 'state-1',
  });
}

describe('messages that are signed', () => {
  test.each(['by value', 'pushed'] as const)(
    'a request %s (RFC 9101) is answered by a signed answer (JARM)',
    async (way) => {
      const tokens = await signIn(app, way);
      // What the request asked for stands in the object alone.
      expect(tokens.refresh_token).toEqual(expect.any(String));
    },
  );

  test('userinfo and introspection (RFC 9701) are signed for who registered so', async () => {
    const tokens = await signIn(app, 'by value');
    const sub = tokens.claims()?.sub ?? '';
    const info = await oidc.fetchUserInfo(app, tokens.access_token, sub);
    expect(info.email).toBe('alice@example.com');
    const seen = await oidc.tokenIntrospection(app, tokens.access_token);
    expect(seen).toMatchObject({ active: true, client_id: app.clientMetadata().client_id });
  });

  test('a request that is not signed, or not by the client, is refused', async () => {
    const { client_id: clientId } = app.clientMetadata();
    const claims = {
      client_id: clientId,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    };
    const strange = await generateKeyPair('ES256');
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(clientId)
      .setAudience(house.issuer)
      .setExpirationTime('1m')
      .sign(strange.privateKey);
    const unsigned = new UnsecuredJWT(claims)
      .setIssuer(clientId)
      .setAudience(house.issuer)
      .setExpirationTime('1m')
      .encode();
    for (const request of [forged, unsigned, undefined]) {
      const query = new URLSearchParams({ ...claims, ...(request && { request }) });
      const answer = await fetch(`${house.issuer}/authorize?${query.toString()}`, {
        redirect: 'manual',
      });
      const location = answer.headers.get('location');
      const error =
        location === null ? await answer.text() : new URL(location).searchParams.get('error');
      expect(error).toMatch(/invalid_request/);
    }
  });

  test('a request by reference is never fetched', async () => {
    const query = new URLSearchParams({
      client_id: app.clientMetadata().client_id,
      response_type: 'code',
      request_uri: 'https://app.example.com/request.jwt',
    });
    const answer = await fetch(`${house.issuer}/authorize?${query.toString()}`, {
      redirect: 'manual',
    });
    expect(await answer.text()).toMatch(/invalid_request_uri|request_uri/);
  });

  test('are announced, and answers in a fragment are not', async () => {
    const { response_modes_supported: modes, ...rest } = app.serverMetadata();
    expect(modes).toEqual(['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt']);
    expect(rest).toMatchObject({
      request_parameter_supported: true,
      request_uri_parameter_supported: false,
      request_object_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    });
  });
});
