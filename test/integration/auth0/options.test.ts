import { decodeJwt } from 'jose';
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

let node: TenantNode;

beforeAll(async () => {
  node = await openTenantNode({ defaultAudience: API, refreshLeeway: '60s' });
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
