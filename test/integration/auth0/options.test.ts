import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type GenerateKeyPairResult } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  API,
  CALLBACK,
  MACHINE,
  openTenantNode,
  SECRET,
  SPA,
  type TenantNode,
} from './tenant-node.ts';

const KEYED = 'keyed-client';

let node: TenantNode;
let keys: GenerateKeyPairResult;

beforeAll(async () => {
  keys = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const machine = { appType: 'non_interactive' };
  node = await openTenantNode({
    defaultAudience: API,
    refreshLeeway: '60s',
    clients: [
      { clientId: SPA, appType: 'spa', callbacks: [CALLBACK] },
      { clientId: MACHINE, ...machine, clientSecretInClear: SECRET, audiences: [API] },
      { clientId: KEYED, ...machine, jwks: { keys: [jwk] } },
    ],
  });
});

afterAll(() => node.close());

test('without an audience, tokens are for the default one', async () => {
  const { body } = await node.signIn({ scope: 'openid read:messages' });
  expect(decodeJwt(String(body['access_token'])).aud).toContain(API);
  const machine = await node.token({
    grant_type: 'client_credentials',
    client_id: MACHINE,
    client_secret: SECRET,
  });
  expect(decodeJwt(String(machine.body['access_token'])).aud).toBe(API);
});

test('within the leeway a refresh token may be used again', async () => {
  const { body } = await node.signIn();
  const refresh = (): ReturnType<TenantNode['token']> =>
    node.token({
      grant_type: 'refresh_token',
      client_id: SPA,
      refresh_token: String(body['refresh_token']),
    });
  expect((await refresh()).status).toBe(200);
  expect((await refresh()).status).toBe(200);
});

test('an application of a tenant is none of the installation, and the other way round', async () => {
  const query = new URLSearchParams({
    client_id: SPA,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
  });
  const atInstallation = await fetch(`${node.issuer}/authorize?${query.toString()}`, {
    redirect: 'manual',
  });
  expect(atInstallation.status).toBe(400);
  query.set('client_id', 'latchkey-account');
  const atTenant = await fetch(`${node.tenant}/authorize?${query.toString()}`, {
    redirect: 'manual',
  });
  expect(atTenant.status).toBe(400);
});

test('an application may prove itself by a key, in an assertion for the issuer with its slash', async () => {
  const asked = (aud: string): Promise<string> =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(KEYED)
      .setSubject(KEYED)
      .setAudience(aud)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(keys.privateKey);
  const ask = async (aud: string): ReturnType<TenantNode['token']> =>
    await node.token({
      grant_type: 'client_credentials',
      audience: API,
      client_id: KEYED,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await asked(aud),
    });
  expect(decodeJwt(String((await ask(`${node.tenant}/`)).body['access_token'])).aud).toBe(API);
  expect(await ask('https://elsewhere.example/')).toMatchObject({
    status: 401,
    body: { error: 'access_denied' },
  });
  const start = await fetch(`${node.tenant}/passwordless/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: KEYED, connection: 'email', email: 'ann@example.com' }),
  });
  expect(start.status).toBe(401);
});

test('applications of an https tenant may be http on this machine, and nowhere else', async () => {
  const tenant = (callback: string): object => ({
    issuer: 'https://auth.example.com/',
    clients: [{ clientId: SPA, appType: 'spa', callbacks: [callback] }],
  });
  await expect(openTenantNode(tenant('http://app.example.com/callback'))).rejects.toThrow(
    'must be https, or http on a loopback host',
  );
  const https = await openTenantNode(tenant(CALLBACK));
  try {
    const query = new URLSearchParams({
      client_id: SPA,
      response_type: 'id_token',
      redirect_uri: CALLBACK,
      scope: 'openid',
      nonce: 'n',
    });
    const headers = { host: 'auth.example.com' };
    const sent = get(`${https.tenant}/authorize?${query.toString()}`, { headers, agent: false });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(303);
  } finally {
    await https.close();
  }
});
