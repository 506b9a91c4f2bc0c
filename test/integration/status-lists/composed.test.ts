import { inflateSync } from 'node:zlib';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../../support/latchkey.ts';
import { until } from './fixture.ts';

const MACHINE =
  'Basic ' + Buffer.from('machine:a-secret-of-a-test-client-0123456789').toString('base64');
const LISTED = 'https://listed.example.com';
const UNLISTED = 'https://unlisted.example.com';
const SETTINGS = {
  apis: [
    { identifier: LISTED, name: 'Listed' },
    { identifier: UNLISTED, name: 'Unlisted', statusList: false },
  ],
  clients: [
    {
      id: 'machine',
      type: 'machine',
      secretInClear: 'a-secret-of-a-test-client-0123456789',
    },
  ],
};

function post(latchkey: Latchkey, path: string, form: Record<string, string>): Promise<Response> {
  return fetch(`${latchkey.issuer}${path}`, {
    method: 'POST',
    headers: { Authorization: MACHINE },
    body: new URLSearchParams(form),
  });
}

async function tokenFor(latchkey: Latchkey, resource: string): Promise<string> {
  const response = await post(latchkey, '/token', { grant_type: 'client_credentials', resource });
  const { access_token: token } = (await response.json()) as { readonly access_token: string };
  return token;
}

async function metadata(latchkey: Latchkey): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(`${latchkey.issuer}/.well-known/openid-configuration`);
  return (await response.json()) as Readonly<Record<string, string>>;
}

/** What any verifier can learn of a token from the token and the metadata alone. */
async function statusOf(latchkey: Latchkey, token: string): Promise<number> {
  const { jwks_uri: keys = '' } = await metadata(latchkey);
  const { status } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(token);
  const { idx, uri } = status.status_list;
  const response = await fetch(uri);
  const { payload } = await jwtVerify<{ status_list: { lst: string } }>(
    await response.text(),
    createRemoteJWKSet(new URL(keys)),
    { typ: 'statuslist+jwt', subject: uri },
  );
  const bytes = inflateSync(Buffer.from(payload.status_list.lst, 'base64url'));
  return ((bytes[idx >>> 3] ?? 0) >>> (idx & 7)) & 1;
}

describe('a provider with status lists', () => {
  let latchkey: Latchkey;
  beforeAll(async () => {
    latchkey = await startLatchkey({ settings: SETTINGS });
  });
  afterAll(async () => {
    await latchkey.stop();
    await latchkey.clean();
  });

  test('a token taken back at the revocation endpoint shows in its list', async () => {
    const [token, other] = [await tokenFor(latchkey, LISTED), await tokenFor(latchkey, LISTED)];
    await until(async () => (await statusOf(latchkey, token).catch(() => 1)) === 0);
    expect((await post(latchkey, '/revoke', { token })).status).toBe(200);
    await until(async () => (await statusOf(latchkey, token)) === 1);
    expect(await statusOf(latchkey, other)).toBe(0);
  });

  test('the metadata say where all lists are told', async () => {
    const { status_list_aggregation_endpoint: endpoint = '' } = await metadata(latchkey);
    const token = decodeJwt(await tokenFor(latchkey, LISTED));
    const response = await fetch(endpoint);
    const { status_lists: lists } = (await response.json()) as { readonly status_lists: string[] };
    expect(JSON.stringify(token['status'])).toContain(lists[0]);
  });

  test('tokens of an API that wants none have no place in a list', async () => {
    expect(decodeJwt(await tokenFor(latchkey, UNLISTED))).not.toHaveProperty('status');
  });
});

test('switched off, there is nothing of it', async () => {
  const latchkey = await startLatchkey({
    settings: { ...SETTINGS, statusLists: { enabled: false } },
  });
  try {
    expect(decodeJwt(await tokenFor(latchkey, LISTED))).not.toHaveProperty('status');
    expect(await metadata(latchkey)).not.toHaveProperty('status_list_aggregation_endpoint');
    expect((await fetch(`${latchkey.issuer}/status-lists`)).status).toBe(404);
  } finally {
    await latchkey.stop();
    await latchkey.clean();
  }
});
