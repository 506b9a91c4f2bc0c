import { createHash } from 'node:crypto';
import {
  CompactEncrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type JWK,
} from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLBACK, webClient } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';
import { createDecryptionKey } from '../../support/provider-keys.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
type Recipient = JWK | string;

const ENCRYPTED = { request_object_encryption_enc: 'A256GCM' } as const;

let house: House;
let bare: House;
let keys: KeyPair;
let app: oidc.Configuration;
let keySet: readonly JWK[];

beforeAll(async () => {
  const encryptionKeys = await Promise.all([
    createDecryptionKey('RSA-OAEP-256'),
    createDecryptionKey('ECDH-ES'),
    createDecryptionKey('ECDH-ES', 'published'),
    createDecryptionKey('ECDH-ES', 'verifying'),
  ]);
  keys = await generateKeyPair('ES256', { extractable: true });
  house = await openHouse({
    encryptionKeys,
    protocol: {
      encryption: { enabled: true },
      requestObjects: { enabled: true, encryption: { enabled: true } },
      deviceFlow: { enabled: true },
      ciba: { enabled: true },
    },
    registration: { mode: 'open' },
  });
  bare = await openHouse({
    encryptionKeys,
    protocol: { encryption: { enabled: true }, requestObjects: { enabled: true } },
  });
  app = await register();
  keySet = await shownIn(house);
});
afterAll(async () => {
  await house.close();
  await bare.close();
});

async function shownIn({ issuer }: House): Promise<readonly JWK[]> {
  const answer = await fetch(`${issuer}/.well-known/jwks.json`);
  const set = (await answer.json()) as { keys: JWK[] };
  return set.keys.filter(({ use }) => use === 'enc');
}

async function register(metadata: object = {}, at = house): Promise<oidc.Configuration> {
  const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const client = webClient({ ...metadata, jwks: { keys: [publicJwk] } });
  const { id, secret } = await at.client(client);
  const known = { client_secret: secret, id_token_signed_response_alg: 'RS256' };
  return await oidc.discovery(new URL(at.issuer), id, known, oidc.ClientSecretBasic(secret), {
    execute: [oidc.allowInsecureRequests],
  });
}

function keyFor(alg: string): JWK {
  const found = keySet.find((key) => key.alg === alg);
  if (found === undefined) throw new Error(`no key for ${alg} is shown`);
  return found;
}

/** With the public key, or the secret of a client (OpenID Connect Core section 10.2). */
async function encrypt(text: string, to: Recipient, header: object = {}): Promise<string> {
  const protectedHeader = {
    alg: typeof to === 'string' ? 'dir' : (to.alg ?? ''),
    enc: 'A256GCM',
    ...(typeof to !== 'string' && { kid: to.kid ?? '' }),
    ...header,
  };
  const key =
    typeof to === 'string'
      ? createHash('sha256').update(to).digest()
      : await importJWK({ ...to, alg: protectedHeader.alg });
  return await new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader(protectedHeader)
    .encrypt(key);
}

/** The signed request that openid-client makes, and what is needed to go on from it. */
async function signedRequest(
  client: oidc.Configuration,
): Promise<{ request: string; pkceCodeVerifier: string }> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: 'state-1',
  };
  const url = await oidc.buildAuthorizationUrlWithJAR(client, parameters, keys.privateKey);
  return { request: url.searchParams.get('request') ?? '', pkceCodeVerifier };
}

async function signIn(
  client: oidc.Configuration,
  way: 'by value' | 'pushed',
  encryptRequest: (request: string) => Promise<string>,
): Promise<string | undefined> {
  const { request, pkceCodeVerifier } = await signedRequest(client);
  const parameters = { request: await encryptRequest(request) };
  const url =
    way === 'by value'
      ? oidc.buildAuthorizationUrl(client, parameters)
      : await oidc.buildAuthorizationUrlWithPAR(client, parameters);
  const { url: back } = await house.browser().visit(url.href);
  const checks = { pkceCodeVerifier, expectedState: 'state-1' };
  const tokens = await oidc.authorizationCodeGrant(client, back, checks);
  // Asked for in the encrypted object alone, where the engine drops it.
  expect(tokens.refresh_token).toEqual(expect.any(String));
  return tokens.claims()?.sub;
}

/** What the authorization endpoint says to `request`; undefined: it goes on. */
async function refusal(request: string, client = app, at = house): Promise<string | undefined> {
  const query = new URLSearchParams({
    client_id: client.clientMetadata().client_id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: CALLBACK,
    request,
  });
  const answer = await fetch(`${at.issuer}/authorize?${query.toString()}`, { redirect: 'manual' });
  const location = answer.headers.get('location');
  if (location?.includes('/interaction/') === true) return undefined;
  const told = location === null ? await answer.text() : decodeURIComponent(location);
  return /could not [\w ]+|unsupported [\w ]+/.exec(told.replaceAll('+', ' '))?.[0] ?? told;
}

describe('requests that are signed, then encrypted (RFC 9101 section 6.1)', () => {
  test.each([
    ['RSA-OAEP-256', 'by value'],
    ['RSA-OAEP-256', 'pushed'],
    ['ECDH-ES', 'by value'],
    ['ECDH-ES', 'pushed'],
  ] as const)('are read with our key for %s, %s', async (algorithm, way) => {
    const key = keyFor(algorithm);
    expect(await signIn(app, way, (request) => encrypt(request, key))).toBe(house.alice.id);
  });

  test.each([
    ['dir', 'by value'],
    ['A256KW', 'pushed'],
  ] as const)('are read with the secret of a client by %s, %s', async (alg, way) => {
    const client = await register({ request_object_encryption_alg: alg, ...ENCRYPTED });
    const { client_secret: secret } = client.clientMetadata();
    const sub = await signIn(client, way, (request) => encrypt(request, secret ?? '', { alg }));
    expect(sub).toBe(house.alice.id);
  });

  test('are read with a key that is no longer shown, or not yet', async () => {
    const { request } = await signedRequest(app);
    const hidden = house.keys.current().decrypting.filter(({ phase }) => phase !== 'signing');
    expect(hidden).toHaveLength(2);
    for (const { publicJwk } of hidden)
      expect(await refusal(await encrypt(request, publicJwk))).toBeUndefined();
  });

  test('are read at the device endpoint, too', async () => {
    const grant_types = ['urn:ietf:params:oauth:grant-type:device_code'];
    const client = await register({ grant_types, redirect_uris: [], response_types: [] });
    const { client_id: id, client_secret: secret = '' } = client.clientMetadata();
    const request = await new SignJWT({ client_id: id, scope: 'openid' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(id)
      .setAudience(house.issuer)
      .setExpirationTime('1m')
      .sign(keys.privateKey);
    const answer = await fetch(`${house.issuer}/device/authorize`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ request: await encrypt(request, keyFor('ECDH-ES')) }),
    });
    expect(await answer.json()).toMatchObject({ user_code: expect.any(String) as string });
  });

  test('are not taken of CIBA, which has no place for them', async () => {
    const grant_types = ['urn:openid:params:grant-type:ciba'];
    const client = await register({
      grant_types,
      redirect_uris: [],
      response_types: [],
      backchannel_token_delivery_mode: 'poll',
    });
    const { client_id: id, client_secret: secret = '' } = client.clientMetadata();
    const answer = await fetch(`${house.issuer}/bc-authorize`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ request: await encrypt('a.b.c', keyFor('ECDH-ES')) }),
    });
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });

  test('are refused when they are encrypted otherwise, or changed', async () => {
    const { request } = await signedRequest(app);
    const rsa = keyFor('RSA-OAEP-256');
    const good = await encrypt(request, rsa);
    const { client_secret: secret = '' } = app.clientMetadata();
    const others = await Promise.all([
      encrypt(request, rsa, { enc: 'A256CBC-HS512' }),
      encrypt(request, rsa, { zip: 'DEF' }),
      encrypt(request, rsa, { alg: 'RSA-OAEP' }),
      encrypt(request, rsa, { kid: 'somebody-else' }),
      encrypt(request, keyFor('ECDH-ES'), { alg: 'ECDH-ES+A256KW' }),
      // Only clients that registered so have their secret kept.
      encrypt(request, secret),
      new CompactEncrypt(Buffer.from(request))
        .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM' })
        .encrypt(Buffer.from(secret)),
    ]);
    for (const one of [...others, `${good.slice(0, -4)}AAAA`])
      expect(await refusal(one)).toBe('could not decrypt request object');
    expect(await refusal(good)).toBeUndefined();
  });

  test('are held to the signature inside, whoever encrypted them', async () => {
    const { client_id: id } = app.clientMetadata();
    const claims = {
      client_id: id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid',
    };
    const strange = await generateKeyPair('ES256');
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(id)
      .setAudience(house.issuer)
      .setExpirationTime('1m')
      .sign(strange.privateKey);
    const unsigned = new UnsecuredJWT(claims)
      .setIssuer(id)
      .setAudience(house.issuer)
      .setExpirationTime('1m')
      .encode();
    const key = keyFor('ECDH-ES');
    expect(await refusal(await encrypt(forged, key))).toBe('could not validate Request Object');
    expect(await refusal(await encrypt(unsigned, key))).toMatch(/^unsupported signed request alg/);
    const twice = await encrypt(await encrypt(forged, key), key);
    expect(await refusal(twice)).toBe('could not decrypt request object');
  });
});

describe('what is said of it', () => {
  test('the key set shows one key for each algorithm, and discovery all algorithms', async () => {
    expect(keySet.map(({ alg }) => alg)).toEqual(['RSA-OAEP-256', 'ECDH-ES']);
    expect(app.serverMetadata()).toMatchObject({
      request_object_encryption_alg_values_supported: ['RSA-OAEP-256', 'ECDH-ES', 'A256KW', 'dir'],
      request_object_encryption_enc_values_supported: ['A256GCM'],
    });
  });

  test('clients register how they encrypt, by what there is', async () => {
    const registration = {
      redirect_uris: [CALLBACK],
      request_object_encryption_alg: 'RSA-OAEP-256',
      ...ENCRYPTED,
    };
    const [taken, refused] = await Promise.all(
      [registration, { ...registration, request_object_encryption_alg: 'RSA1_5' }].map((body) =>
        fetch(`${house.issuer}/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    );
    expect(await taken?.json()).toMatchObject(registration);
    expect(await refused?.json()).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test('where it is off, nothing is shown, said or read, and clients that registered so go on', async () => {
    expect(await shownIn(bare)).toEqual([]);
    const client = await register(
      { request_object_encryption_alg: 'RSA-OAEP-256', ...ENCRYPTED },
      bare,
    );
    expect(client.serverMetadata()).not.toHaveProperty(
      'request_object_encryption_alg_values_supported',
    );
    const { request } = await signedRequest(client);
    expect(await refusal(request, client, bare)).toBeUndefined();
    const encrypted = await encrypt(request, keyFor('RSA-OAEP-256'));
    expect(await refusal(encrypted, client, bare)).toBe('could not decrypt request object');
  });
});
