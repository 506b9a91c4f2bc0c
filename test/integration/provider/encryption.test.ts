import {
  compactDecrypt,
  CompactEncrypt,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
} from 'jose';
import * as oidc from 'openid-client';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

const SSN = '078-05-1120';
const ORDERS = 'https://orders.example.com';
const STOCK = 'https://stock.example.com';
const VAULT = 'https://vault.example.com';
const PLAIN = 'https://plain.example.com';

let house: House;
let folder: string;
let rsa: KeyPair;
let curve: KeyPair;
let shared: Buffer;
let party: RelyingParty;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-encryption-'));
  shared = randomBytes(32);
  const file = join(folder, 'shared');
  await writeFile(file, shared.toString('base64'), { mode: 0o600 });
  rsa = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  curve = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
  const jwks = { keys: [await publicJwk(rsa, 'rsa-1'), await publicJwk(curve, 'ec-1')] };
  const api = { name: 'An API', scopes: { read: 'Read' } };
  house = await openHouse({
    protocol: {
      encryption: { enabled: true },
      signedAnswers: { enabled: true },
      tokenExchange: { enabled: true },
    },
    registration: { mode: 'open' },
    claims: {
      sensitive: ['ssn'],
      custom: [{ claim: 'ssn', attribute: 'ssn', in: ['id_token', 'access_token'] }],
    },
    apis: [
      { ...api, identifier: ORDERS, encryption: { algorithm: 'RSA-OAEP-256', jwks } },
      { ...api, identifier: STOCK, encryption: { algorithm: 'ECDH-ES+A256KW', jwks } },
      { ...api, identifier: VAULT, encryption: { algorithm: 'A256KW', secret: { file } } },
      { ...api, identifier: PLAIN },
      {
        ...api,
        identifier: 'direct',
        encryption: { algorithm: 'dir', secret: { file } },
      },
    ],
  });
  party = await createRelyingParty(house);
});
afterAll(async () => {
  await house.close();
  await rm(folder, { recursive: true });
});

async function publicJwk({ publicKey }: KeyPair, kid: string): Promise<object> {
  return { ...(await exportJWK(publicKey)), kid, use: 'enc' };
}

const KEYS: Readonly<Record<string, () => KeyPair['privateKey'] | Uint8Array>> = {
  'RSA-OAEP-256': () => rsa.privateKey,
  'ECDH-ES': () => curve.privateKey,
  'ECDH-ES+A256KW': () => curve.privateKey,
  A256KW: () => shared,
  dir: () => shared,
};

/** As the API reads it: the JWT inside. */
async function opened(jwe: string, key?: Uint8Array): Promise<string> {
  const { alg = '' } = decodeProtectedHeader(jwe);
  const { plaintext } = await compactDecrypt(jwe, key ?? KEYS[alg]?.() ?? new Uint8Array());
  return new TextDecoder().decode(plaintext);
}

async function json(answer: Response): Promise<JsonObject> {
  return (await answer.json()) as JsonObject;
}

async function tokensIn(answer: Response): Promise<Readonly<Record<string, string>>> {
  return (await answer.json()) as Record<string, string>;
}

async function tokenFor(api: string): Promise<string> {
  const tokens = await party.signIn(house.browser(), { resource: api, scope: 'openid read' });
  return tokens.access_token;
}

describe('access tokens that are encrypted', () => {
  const APIS = [
    [ORDERS, 'RSA-OAEP-256'],
    [STOCK, 'ECDH-ES+A256KW'],
    [VAULT, 'A256KW'],
    ['direct', 'dir'],
  ] as const;

  test.each(APIS)('for %s by %s are read by the API alone', async (api, alg) => {
    const token = await tokenFor(api);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg, enc: 'A256GCM', cty: 'JWT' });
    expect(decodeProtectedHeader(token)).not.toHaveProperty('zip');
    const claims = decodeJwt(await opened(token));
    expect([claims.aud].flat()).toContain(api);
    expect(claims['ssn']).toBe(SSN);
  });

  test.each(APIS)('for %s by %s are known at our own endpoints', async (api) => {
    const token = await tokenFor(api);
    const seen = await json(await party.post('/introspect', { token }));
    expect(seen).toMatchObject({ active: true, client_id: party.id, scope: 'openid read' });
    const info = await oidc.fetchUserInfo(party.configuration, token, house.alice.id);
    expect(info.sub).toBe(house.alice.id);
    expect((await party.post('/revoke', { token })).status).toBe(200);
    expect(await json(await party.post('/introspect', { token }))).toEqual({ active: false });
    const inner = await opened(token);
    expect(await json(await party.post('/introspect', { token: inner }))).toEqual({
      active: false,
    });
  });

  test('are given to machines, at the engine and past it', async () => {
    for (const path of ['/token', '/token?']) {
      const answer = await party.post(path, { grant_type: 'client_credentials', resource: ORDERS });
      const { access_token: token = '' } = await tokensIn(answer);
      expect(decodeJwt(await opened(token)).sub).toBe(party.id);
      expect(await json(await party.post('/introspect', { token }))).toMatchObject({
        active: true,
      });
    }
  });

  test('stay encrypted over a refresh', async () => {
    const tokens = await party.signIn(house.browser(), {
      resource: ORDERS,
      scope: 'openid read offline_access',
      prompt: 'consent',
    });
    const { access_token: token = '' } = await tokensIn(
      await party.refresh(tokens.refresh_token ?? ''),
    );
    expect(decodeJwt(await opened(token))['ssn']).toBe(SSN);
  });

  test('say at introspection nothing that is for their API alone', async () => {
    const token = await tokenFor(ORDERS);
    for (const value of [token, await opened(token)]) {
      const seen = await json(await party.post('/introspect', { token: value }));
      expect(seen['active']).toBe(true);
      expect(seen).not.toHaveProperty('ssn');
    }
  });

  test('leave what is sensitive out where they are not', async () => {
    expect(decodeJwt(await tokenFor(PLAIN))).not.toHaveProperty('ssn');
  });

  test('die with the person like any other', async () => {
    const token = await tokenFor(ORDERS);
    const actor = { by: 'test', origin: { address: 'test' } };
    await house.accounts.disable(house.alice.id, actor);
    await house.accounts.enable(house.alice.id, actor);
    expect(await json(await party.post('/introspect', { token }))).toEqual({ active: false });
  });

  test('are none of ours when somebody else encrypted them, or changed them', async () => {
    const token = await tokenFor(ORDERS);
    const [header = '', key, iv, content, tag] = token.split('.');
    const inner = new TextEncoder().encode(await opened(token));
    const foreign = await new CompactEncrypt(inner)
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(rsa.publicKey);
    const stolenKey = await new CompactEncrypt(inner)
      .setProtectedHeader({ ...decodeProtectedHeader(token), alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(rsa.publicKey);
    const other = (await tokenFor(ORDERS)).split('.')[3];
    const changed = [header, key, iv, other, tag].join('.');
    expect(content).not.toBe(other);
    for (const value of [foreign, stolenKey, changed, 'a.b.c.d.e'])
      expect(await json(await party.post('/introspect', { token: value }))).toEqual({
        active: false,
      });
  });

  test('are taken back by whoever has nothing but the token', async () => {
    const token = await tokenFor(STOCK);
    const { jti } = decodeJwt(await opened(token));
    expect(await house.takeBack.read(token)).toMatchObject({ kind: 'token', jti });
    expect(await house.takeBack.read('a.b.c.d.e')).toBeUndefined();
  });
});

describe('what is encrypted for a client', () => {
  const encryptedBy = (alg: string, more: object = {}): object => ({
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: 'A256GCM',
    userinfo_signed_response_alg: 'ES256',
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: 'A256GCM',
    introspection_signed_response_alg: 'ES256',
    introspection_encrypted_response_alg: alg,
    introspection_encrypted_response_enc: 'A256GCM',
    authorization_encrypted_response_alg: alg,
    authorization_encrypted_response_enc: 'A256GCM',
    ...more,
  });

  test.each(['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW', 'A256KW', 'dir'])(
    'by %s: ID token, userinfo, introspection and the answer of the authorization endpoint',
    async (alg) => {
      const jwks = { keys: [await publicJwk(rsa, 'rsa-1'), await publicJwk(curve, 'ec-1')] };
      const client = await createRelyingParty(house, webClient(encryptedBy(alg, { jwks })));
      // OpenID Connect Core section 10.2.
      const hash = new Uint8Array(
        await crypto.subtle.digest('SHA-256', new TextEncoder().encode(client.secret)),
      );
      const key = alg === 'dir' || alg === 'A256KW' ? hash : undefined;
      const { url, verifier } = await client.authorize(house.browser(), { response_mode: 'jwt' });
      const response = url.searchParams.get('response') ?? '';
      const authorized = decodeJwt(await opened(response, key));
      const redeemed = await client.redeem({
        url,
        verifier,
        code: String(authorized['code']),
      } as Parameters<RelyingParty['redeem']>[0]);
      const { id_token: idToken = '', access_token: accessToken = '' } = await tokensIn(redeemed);
      expect(decodeProtectedHeader(idToken)).toMatchObject({
        alg,
        enc: 'A256GCM',
      });
      expect(decodeJwt(await opened(idToken, key))).toMatchObject({
        sub: house.alice.id,
        ssn: SSN,
      });
      const info = await fetch(`${house.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      expect(info.headers.get('content-type')).toMatch(/^application\/jwt/);
      expect(decodeJwt(await opened(await info.text(), key))).toMatchObject({
        email: 'alice@example.com',
      });
      // RFC 9701 section 5: whoever is answered encrypted may not ask for JSON.
      expect((await client.post('/introspect', { token: accessToken })).status).toBe(400);
      const seen = await fetch(`${house.issuer}/introspect`, {
        method: 'POST',
        headers: {
          accept: 'application/token-introspection+jwt',
          authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({ token: accessToken }),
      });
      expect(decodeJwt(await opened(await seen.text(), key))['token_introspection']).toMatchObject({
        active: true,
      });
    },
  );

  test('is read by openid-client', async () => {
    const jwks = { keys: [await publicJwk(rsa, 'rsa-1')] };
    const client = await createRelyingParty(
      house,
      webClient({
        jwks,
        id_token_encrypted_response_alg: 'RSA-OAEP-256',
        id_token_encrypted_response_enc: 'A256GCM',
      } as object),
    );
    oidc.enableDecryptingResponses(client.configuration, ['A256GCM'], {
      key: rsa.privateKey,
      alg: 'RSA-OAEP-256',
      kid: 'rsa-1',
    });
    const tokens = await client.signIn(house.browser());
    expect(tokens.claims()?.['ssn']).toBe(SSN);
  });

  test('tells nothing sensitive to whom it is not encrypted', async () => {
    const tokens = await party.signIn(house.browser());
    expect(tokens.claims()?.sub).toBe(house.alice.id);
    expect(tokens.claims()).not.toHaveProperty('ssn');
  });

  test.each([
    ['RSA1_5', { id_token_encrypted_response_alg: 'RSA1_5' }],
    ['PBES2', { id_token_encrypted_response_alg: 'PBES2-HS256+A128KW' }],
    ['another cipher', { id_token_encrypted_response_enc: 'A128CBC-HS256' }],
    ['no cipher', { id_token_encrypted_response_enc: undefined }],
    ['no key for it', { jwks: undefined }],
    [
      'a secret that the client has not',
      { token_endpoint_auth_method: 'none', id_token_encrypted_response_alg: 'dir' },
    ],
    ['encrypted requests', { request_object_encryption_alg: 'dir' }],
  ])('is not registered with %s', async (_, wrong) => {
    const jwks = { keys: [await publicJwk(rsa, 'rsa-1')] };
    const answer = await fetch(`${house.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: ['https://app.example.com/callback'],
        jwks,
        id_token_encrypted_response_alg: 'RSA-OAEP-256',
        id_token_encrypted_response_enc: 'A256GCM',
        ...wrong,
      }),
    });
    const body = await json(answer);
    if ('request_object_encryption_alg' in wrong) {
      expect(body).not.toHaveProperty('request_object_encryption_alg');
      return;
    }
    expect([answer.status, body['error']]).toEqual([400, 'invalid_client_metadata']);
  });

  test('is announced', () => {
    const metadata = party.configuration.serverMetadata();
    for (const answer of ['id_token', 'userinfo', 'introspection', 'authorization'])
      expect(metadata).toMatchObject({
        [`${answer}_encryption_alg_values_supported`]: [
          'RSA-OAEP-256',
          'ECDH-ES+A256KW',
          'A256KW',
          'dir',
          'ECDH-ES',
        ],
        [`${answer}_encryption_enc_values_supported`]: ['A256GCM'],
      });
    expect(metadata).not.toHaveProperty('request_object_encryption_alg_values_supported');
  });
});

describe('token exchange (RFC 8693)', () => {
  const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const TYPE = 'urn:ietf:params:oauth:token-type:access_token';

  test('takes tokens that their API alone can read, and gives such, which fall with them', async () => {
    const gateway = await createRelyingParty(house, {
      metadata: { client_name: 'The gateway', grant_types: [GRANT] },
      policy: {
        tokenExchange: {
          subjects: [party.id],
          audiences: [STOCK],
          impersonation: false,
          delegation: true,
        },
      },
    });
    const { access_token: token } = await party.signIn(house.browser(), {
      resource: ORDERS,
      scope: 'openid read',
    });
    const { access_token: exchanged } = await oidc.genericGrantRequest(
      gateway.configuration,
      GRANT,
      { subject_token: token, subject_token_type: TYPE },
    );
    expect(decodeProtectedHeader(exchanged).alg).toBe('ECDH-ES+A256KW');
    expect(decodeJwt(await opened(exchanged))).toMatchObject({
      aud: STOCK,
      act: { sub: gateway.id },
    });
    const told = (): Promise<JsonObject> =>
      gateway.post('/introspect', { token: exchanged }).then(json);
    expect(await told()).toMatchObject({ active: true });
    await party.post('/revoke', { token });
    expect(await told()).toStrictEqual({ active: false });
  });
});
