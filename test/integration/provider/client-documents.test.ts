import { exportJWK, generateKeyPair } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Interaction } from '../../../src/provider/contract.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import type { Browser } from '../../support/provider-browser.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const ID = 'https://app.example.com/client.json';
const KEYED = 'https://app.example.com/keyed.json';
const CALLBACK = 'https://app.example.com/callback';
const ACTOR = { by: 'test', origin: { address: 'test' } };

let house: House;
let api: RelyingParty;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let documents: Map<string, JsonObject>;
let isDown = false;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  const { kty, crv, x, y } = await exportJWK(keys.publicKey);
  const jwks = { keys: [JSON.parse(JSON.stringify({ kty, crv, x, y, kid: 'k', alg: 'ES256' }))] };
  const common = {
    client_name: 'The app',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
  };
  documents = new Map<string, JsonObject>([
    [ID, { ...common, client_id: ID }],
    [KEYED, { ...common, client_id: KEYED, token_endpoint_auth_method: 'private_key_jwt', jwks }],
  ]);
  house = await openHouse({
    nodes: 2,
    protocol: { clientIdMetadata: { enabled: true, hosts: ['app.example.com'] } },
    async outboundFetch(input) {
      if (isDown) throw new TypeError('fetch failed');
      const found = documents.get(new Request(input).url);
      return found === undefined ? new Response(null, { status: 404 }) : Response.json(found);
    },
  });
  api = await createRelyingParty(house, {
    metadata: { client_name: 'The API', grant_types: ['client_credentials'] },
    policy: { introspects: [API] },
  });
});
afterAll(() => house.close());
beforeEach(() => {
  isDown = false;
});

async function configurationOf(
  id = ID,
  authentication: oidc.ClientAuth = oidc.None(),
): Promise<oidc.Configuration> {
  return oidc.discovery(new URL(house.issuer), id, {}, authentication, {
    execute: [oidc.allowInsecureRequests],
  });
}

async function signIn(
  configuration: oidc.Configuration,
  browser: Browser = house.browser(),
): ReturnType<typeof oidc.authorizationCodeGrant> {
  const verifier = oidc.randomPKCECodeVerifier();
  const { href } = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid offline_access read',
    resource: API,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const { url } = await browser.visit(href);
  return oidc.authorizationCodeGrant(configuration, url, { pkceCodeVerifier: verifier });
}

async function isActive(token: string, at = house.issuer): Promise<unknown> {
  const response = await api.post('/introspect', { token }, at);
  return ((await response.json()) as JsonObject)['active'];
}

describe('a client that nobody registered (Client ID Metadata Documents)', () => {
  test('is announced', async () => {
    const { client_id_metadata_document_supported: isSupported } = (
      await configurationOf()
    ).serverMetadata();
    expect(isSupported).toBe(true);
  });

  test('signs people in, who are asked with its host before them, and refreshes', async () => {
    const seen: Interaction[] = [];
    const willing = house.person;
    house.person = (interaction) => {
      seen.push(interaction);
      return willing(interaction);
    };
    const configuration = await configurationOf();
    const tokens = await signIn(configuration);
    house.person = willing;
    expect(seen.find(({ prompt }) => prompt === 'consent')?.client).toMatchObject({
      id: ID,
      name: 'The app',
      host: 'app.example.com',
      uri: 'https://app.example.com/',
      logoUri: undefined,
      firstParty: false,
    });
    expect(tokens.claims()?.aud).toBe(ID);
    const next = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? '', {
      resource: API,
    });
    for (const { url } of house.nodes) expect(await isActive(next.access_token, url)).toBe(true);
  });

  test('proves itself by a key of its document', async () => {
    const configuration = await configurationOf(
      KEYED,
      oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'k' }),
    );
    const { access_token: token } = await signIn(configuration);
    expect(await isActive(token)).toBe(true);
    const stranger = await configurationOf(KEYED);
    await expect(signIn(stranger)).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test('keeps its tokens while its host is down, on nodes that know it and those that do not', async () => {
    const { access_token: token } = await signIn(await configurationOf());
    isDown = true;
    for (const { url } of house.nodes) expect(await isActive(token, url)).toBe(true);
  });

  test('can be taken back by its URL, on all nodes', async () => {
    const configuration = await configurationOf();
    const tokens = await signIn(configuration);
    const what = { kind: 'client', clientId: ID } as const;
    await house.takeBack.revoke(what, { reason: 'test', actor: ACTOR });
    expect(await isActive(tokens.access_token)).toBe(false);
    await expect(
      oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? '', { resource: API }),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test.each([
    ['where there is no document', 'https://app.example.com/none.json', CALLBACK],
    ['of a host that is not listed', 'https://evil.example.com/client.json', CALLBACK],
    ['with a redirect URI that is not in it', ID, 'https://app.example.com/other'],
  ])('leads nobody anywhere %s', async (_, id, redirect) => {
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const { url, response } = await house
      .browser()
      .visit(`${house.issuer}/authorize?${query.toString()}`);
    expect(url.origin).toBe(house.issuer);
    expect(response?.status).toBe(400);
  });

  test('has no way to tokens of its own', async () => {
    const authentication = oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'k' });
    const configuration = await configurationOf(KEYED, authentication);
    await expect(
      oidc.clientCredentialsGrant(configuration, { resource: API }),
    ).rejects.toMatchObject({
      error: 'invalid_request',
      error_description: 'requested grant type is not allowed for this client',
    });
  });
});
