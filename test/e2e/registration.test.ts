import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { createRelyingParty, type OpenidClient } from '../support/relying-parties/openid-client.ts';
import { ALICE, createUserAgent, headingOf } from '../support/relying-parties/user-agent.ts';

const CALLBACK = 'https://app.example/callback';
const METADATA = {
  client_name: 'Dynamic app',
  redirect_uris: [CALLBACK],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'],
  post_logout_redirect_uris: ['https://app.example/bye'],
  backchannel_logout_uri: 'https://app.example/backchannel',
  contacts: ['dev@app.example'],
  logo_uri: 'https://app.example/logo.png',
  policy_uri: 'https://app.example/privacy',
  tos_uri: 'https://app.example/terms',
  id_token_signed_response_alg: 'ES256',
};

/** Open at first; then the same installation starts again with other settings. */
let latchkey: Latchkey;
/** Registered while registration was open. */
let app: OpenidClient;

async function start(registration: object): Promise<void> {
  const { folder, port } = latchkey ?? {};
  await latchkey?.stop();
  latchkey = await startLatchkey({
    // One machine registers more clients here than one should elsewhere.
    settings: { registration: { perAddressPerHour: 100, ...registration } },
    ...(folder !== undefined && { folder, port }),
  });
}

beforeAll(() => start({ mode: 'open' }));

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

async function register(
  metadata: Partial<client.ClientMetadata>,
  options: client.DynamicClientRegistrationRequestOptions & {
    readonly authentication?: client.ClientAuth;
  } = {},
): Promise<OpenidClient> {
  const { authentication, ...rest } = options;
  const configuration = await client.dynamicClientRegistration(
    new URL(latchkey.issuer),
    metadata,
    authentication,
    { execute: [client.allowInsecureRequests], ...rest },
  );
  return createRelyingParty(configuration, CALLBACK);
}

/** RFC 7592: what the client manages itself by. */
function manage({ configuration }: OpenidClient, method: string, body?: object): Promise<Response> {
  const { uri, token } = managementOf(configuration);
  return client.fetchProtectedResource(
    configuration,
    token,
    new URL(uri),
    method,
    body ? JSON.stringify(body) : null,
    new Headers(body && { 'content-type': 'application/json' }),
  );
}

function managementOf(configuration: client.Configuration): { uri: string; token: string } {
  const metadata = configuration.clientMetadata();
  return {
    uri: metadata['registration_client_uri'] as string,
    token: metadata['registration_access_token'] as string,
  };
}

const signIn = (one: OpenidClient): ReturnType<OpenidClient['signIn']> =>
  one.signIn(createUserAgent(latchkey.issuer), { prompt: 'consent' });

describe('open registration', () => {
  test('gives an id and a secret, and keeps all that was said', async () => {
    app = await register(METADATA);
    expect(app.configuration.clientMetadata()).toMatchObject({
      ...METADATA,
      client_id: expect.any(String),
      client_secret: expect.any(String),
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  test('makes an app that signs people in at once, under the algorithm it asked for', async () => {
    const tokens = await signIn(app);
    expect(tokens.claims()).toMatchObject({ iss: latchkey.issuer });
    expect(tokens.refresh_token).toEqual(expect.any(String));
  });

  test('shows people the name, logo and policies of the app', async () => {
    const agent = createUserAgent(latchkey.issuer);
    const { url } = await app.request({ prompt: 'login consent' });
    const signInPage = await agent.open(url);
    const consent = await agent.submit(signInPage, { ...ALICE });
    expect(headingOf(consent)).toBe('Allow access?');
    for (const shown of [METADATA.client_name, METADATA.logo_uri]) {
      expect(consent.html).toContain(shown);
    }
    for (const { html } of [signInPage, consent]) {
      expect(html).toContain(`href="${METADATA.policy_uri}"`);
      expect(html).toContain(`href="${METADATA.tos_uri}"`);
    }
    expect(consent.headers.get('content-security-policy')).toContain(
      "img-src 'self' https://app.example",
    );
  });

  test('takes a key set in place of a secret', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
    const one = await register(
      { ...METADATA, jwks, token_endpoint_auth_method: 'private_key_jwt' },
      { authentication: client.PrivateKeyJwt({ key: privateKey, kid: 'one' }) },
    );
    expect(one.configuration.clientMetadata()).not.toHaveProperty('client_secret');
    await expect(signIn(one)).resolves.toHaveProperty('id_token');
  });

  test('makes public clients, which must use PKCE', async () => {
    const one = await register({ ...METADATA, token_endpoint_auth_method: 'none' });
    await expect(signIn(one)).resolves.toHaveProperty('id_token');
    const answer = await one.authorize(createUserAgent(latchkey.issuer), {
      code_challenge: undefined,
      code_challenge_method: undefined,
    });
    expect(answer.url.searchParams.get('error')).toBe('invalid_request');
  });

  test.each([
    ['plain http beyond this machine', 'http://app.example/callback'],
    ['a wildcard', 'https://*.app.example/callback'],
    ['a fragment', 'https://app.example/callback#x'],
    ['a script', 'javascript:alert(1)'],
  ])('refuses a redirect URI with %s', async (_what, uri) => {
    await expect(register({ ...METADATA, redirect_uris: [uri] })).rejects.toMatchObject({
      error: 'invalid_redirect_uri',
      status: 400,
    });
  });

  test('lets an app read, change and remove itself, by its own token alone', async () => {
    const one = await register(METADATA);
    const { client_id: id, client_secret: secret } = one.configuration.clientMetadata();
    const read = await manage(one, 'GET');
    expect(await read.json()).toMatchObject({ client_id: id, client_name: 'Dynamic app' });

    const changed = await manage(one, 'PUT', {
      ...METADATA,
      client_id: id,
      client_secret: secret,
      client_name: 'Renamed app',
    });
    expect(await changed.json()).toMatchObject({ client_id: id, client_name: 'Renamed app' });
    const { url } = await one.request();
    expect((await createUserAgent(latchkey.issuer).open(url)).html).toContain('Renamed app');

    const stranger = await fetch(managementOf(one.configuration).uri, {
      method: 'DELETE',
      headers: { authorization: 'Bearer of-somebody-else' },
    });
    expect(stranger.status).toBe(401);

    const tokens = await signIn(one);
    expect((await manage(one, 'DELETE')).status).toBe(204);
    expect((await createUserAgent(latchkey.issuer).open(url)).status).toBe(400);
    await expect(
      client.refreshTokenGrant(one.configuration, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ status: 401 });
  });
});

describe('registration by token', () => {
  const initialAccessToken = randomBytes(32).toString('base64url');

  beforeAll(async () => {
    const file = join(latchkey.folder, 'initial-access-token');
    await writeFile(file, initialAccessToken, { mode: 0o600 });
    await start({ mode: 'token', initialAccessToken: { file } });
  });

  test('is refused without the token or with a wrong one', async () => {
    for (const options of [{}, { initialAccessToken: 'wrong' }]) {
      await expect(register(METADATA, options)).rejects.toMatchObject({ status: 401 });
    }
  });

  test('works with it', async () => {
    const one = await register(METADATA, { initialAccessToken });
    await expect(signIn(one)).resolves.toHaveProperty('id_token');
  });

  test('leaves those alone that registered before', async () => {
    await expect(signIn(app)).resolves.toHaveProperty('id_token');
  });
});

describe('registration that is off', () => {
  beforeAll(() => start({ mode: 'off' }));

  test('is neither announced nor there', async () => {
    const discovery = await fetch(`${latchkey.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).not.toHaveProperty('registration_endpoint');
    const body = JSON.stringify(METADATA);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${latchkey.issuer}/register`, { method: 'POST', headers, body });
    expect(answer.status).toBe(404);
  });

  test('leaves those alone that registered before', async () => {
    await expect(signIn(app)).resolves.toHaveProperty('id_token');
  });
});
