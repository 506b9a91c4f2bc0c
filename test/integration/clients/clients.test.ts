import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import {
  ClientExists,
  DeclaredInConfig,
  InvalidClient,
  type Client,
  type Clients,
} from '../../../src/clients/clients.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';
import { CLI, openRegistry, REGISTRATION } from './fixture.ts';

const web = { redirect_uris: ['https://app.example.com/callback'] };
const declaredWeb = {
  id: 'web',
  secretInClear: 'latchkey-dev-secret-0001',
  redirectUris: ['http://localhost:3000/callback'],
};

async function find(clients: Clients, id: string): Promise<Client> {
  const client = await clients.find(id);
  if (client === undefined) throw new Error(`no client ${id}`);
  return client;
}

describe('clients in records', () => {
  test('a new client has a secret that is shown once, verifies, and lies nowhere', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const { client, secret = '' } = await clients.create({ metadata: web }, CLI);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(clients.verifySecret(client, secret)).toBe(true);
    expect(clients.verifySecret(client, `${secret}x`)).toBe(false);
    expect(clients.verifySecret(client, '')).toBe(false);
    expect(await clients.sharedSecret(client)).toBeUndefined();
    const rows = await registry.records.all(
      registry.records.queries.selectFrom('client').selectAll(),
    );
    expect(JSON.stringify([rows, client, await registry.events()])).not.toContain(secret);
  });

  test('a public client has no secret, and none is good for it', async () => {
    const clients = await (await openRegistry()).open();
    const metadata = { ...web, token_endpoint_auth_method: 'none' };
    const { client, secret } = await clients.create({ metadata }, CLI);
    expect(secret).toBeUndefined();
    expect(client.policy).toMatchObject({
      requirePkce: true,
      corsOrigins: ['https://app.example.com'],
    });
    expect(clients.verifySecret(client, '')).toBe(false);
  });

  test('the secret itself is kept sealed where the engine must know it', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const kinds: readonly JsonObject[] = [
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { id_token_signed_response_alg: 'HS256' },
    ];
    for (const needs of kinds) {
      const { client, secret = '' } = await clients.create({ metadata: { ...web, ...needs } }, CLI);
      expect(await clients.sharedSecret(client)).toBe(secret);
      expect(
        await (await registry.open()).sharedSecret(await find(clients, client.id)),
      ).toBeUndefined();
      const other = await registry.open();
      expect(await other.sharedSecret(await find(other, client.id))).toBe(secret);
    }
    const rows = await registry.records.all(
      registry.records.queries.selectFrom('client').selectAll(),
    );
    expect(rows.map(({ secret_sealed: sealed }) => sealed?.slice(0, 3))).toEqual(['v1.', 'v1.']);
  });

  test('a change of the master key seals it anew; nodes that know both go on, later ones know the new one alone', async () => {
    const registry = await openRegistry();
    const [oldKey, newKey] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
    const running = await registry.open([], { sealer: createSealer([newKey, oldKey]) });
    const metadata = { ...web, token_endpoint_auth_method: 'client_secret_jwt' };
    const before = await registry.open();
    const { client, secret } = await before.create({ metadata }, CLI);
    await before.create({ metadata: web }, CLI);
    expect(await running.sharedSecret(await find(running, client.id))).toBe(secret);
    expect(await running.resealSecrets(createSealer([newKey]))).toBe(1);
    expect(await running.sharedSecret(await find(running, client.id))).toBe(secret);
    const later = await registry.open([], { sealer: createSealer([newKey]) });
    expect(await later.sharedSecret(await find(later, client.id))).toBe(secret);
    const late = await registry.open();
    await expect(late.sharedSecret(await find(late, client.id))).rejects.toThrow(
      'unknown master key',
    );
  });

  test('every mistake is told at once, and nothing is kept', async () => {
    const registry = await openRegistry();
    const clients = await registry.open([], { profile: 'production' });
    const metadata = {
      redirect_uris: ['https://*.example.com/', 'http://app.example.com/cb'],
      logo_uri: 'javascript:alert(1)',
      grant_types: ['magic'],
      favourite_colour: 'blue',
    };
    const bad = { id: '-x', metadata, policy: { corsOrigins: ['https://app.example.com/'] } };
    await expect(clients.create(bad, CLI)).rejects.toMatchObject({
      code: 'ERR_INVALID_CLIENT',
      problems: [
        expect.stringMatching(/^id: /),
        expect.stringMatching(/^grant_types\.0: /),
        'favourite_colour: is unknown',
        'logo_uri: must begin with https://',
        expect.stringMatching(/^redirect_uris\.0: must not hold a wildcard/),
        expect.stringMatching(/^redirect_uris\.1: must be https/),
        expect.stringMatching(/^policy\.corsOrigins\.0: /),
      ],
    });
    expect(await clients.list()).toEqual([]);
  });

  test('an id is given once', async () => {
    const clients = await (await openRegistry()).open([declaredWeb]);
    await clients.create({ id: 'one', metadata: web }, CLI);
    await expect(clients.create({ id: 'one', metadata: web }, CLI)).rejects.toThrow(ClientExists);
    await expect(clients.create({ id: 'web', metadata: web }, CLI)).rejects.toThrow(ClientExists);
  });

  test('a client that registers itself chooses no id, secret or privileges, and what is unknown is ignored', async () => {
    const clients = await (await openRegistry()).open();
    const metadata = {
      ...web,
      client_id: 'admin',
      client_secret: 'chosen',
      client_secret_expires_at: 1,
      registration_access_token: 'x',
      firstParty: true,
      first_party: true,
      policy: { firstParty: true },
      'client_name#de': 'Beispiel',
    };
    const { client, secret = '' } = await clients.create({ metadata }, REGISTRATION);
    expect(client.id).not.toBe('admin');
    expect(client).toMatchObject({ source: 'registration', policy: { firstParty: false } });
    expect(Object.keys(client.metadata).toSorted()).toEqual([
      'application_type',
      'grant_types',
      'redirect_uris',
      'response_types',
      'token_endpoint_auth_method',
    ]);
    expect(clients.verifySecret(client, 'chosen')).toBe(false);
    expect(clients.verifySecret(client, secret)).toBe(true);
  });

  test('a secret that the engine drew is the one that counts', async () => {
    const clients = await (await openRegistry()).open();
    const drawn = 'drawn-by-the-engine-4f9a1c7b2e8d5f60';
    const { client, secret } = await clients.create(
      { id: 'dyn-1', metadata: web, secret: drawn },
      REGISTRATION,
    );
    expect(secret).toBe(drawn);
    expect(clients.verifySecret(client, drawn)).toBe(true);
  });

  test('an update replaces the metadata and keeps the secret and the policy', async () => {
    const clients = await (await openRegistry()).open();
    const { client, secret = '' } = await clients.create(
      { metadata: { ...web, client_name: 'Old' }, policy: { firstParty: true } },
      CLI,
    );
    const updated = await clients.update(
      client.id,
      { ...web, client_uri: 'https://a.example/' },
      CLI,
    );
    expect(updated?.metadata).not.toHaveProperty('client_name');
    expect(updated).toMatchObject({
      metadata: { client_uri: 'https://a.example/' },
      policy: { firstParty: true },
    });
    expect(clients.verifySecret(await find(clients, client.id), secret)).toBe(true);
    expect(await clients.update('nobody', web, CLI)).toBeUndefined();
  });

  test('an update that needs a secret nobody has is refused', async () => {
    const clients = await (await openRegistry()).open();
    const open = { ...web, token_endpoint_auth_method: 'none' };
    const { client } = await clients.create({ metadata: open }, CLI);
    await expect(clients.update(client.id, web, CLI)).rejects.toThrow(InvalidClient);
    const { client: basic } = await clients.create({ metadata: web }, CLI);
    const jwt = { ...web, token_endpoint_auth_method: 'client_secret_jwt' };
    await expect(clients.update(basic.id, jwt, CLI)).rejects.toThrow(InvalidClient);
    await clients.update(basic.id, jwt, REGISTRATION, { secret: 'drawn anew' });
    expect(await clients.sharedSecret(await find(clients, basic.id))).toBe('drawn anew');
  });

  test('a rotated secret replaces the old one at once', async () => {
    const clients = await (await openRegistry()).open();
    const { client, secret: old = '' } = await clients.create({ metadata: web }, CLI);
    const rotated = await clients.rotateSecret(client.id, CLI);
    const now = await find(clients, client.id);
    expect(clients.verifySecret(now, rotated?.secret ?? '')).toBe(true);
    expect(clients.verifySecret(now, old)).toBe(false);
    expect(await clients.rotateSecret('nobody', CLI)).toBeUndefined();
  });

  test('the old secret may be kept for a while, and no longer', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const { client, secret: old = '' } = await clients.create({ metadata: web }, CLI);
    await clients.rotateSecret(client.id, CLI, { keepOldForSeconds: 3600 });
    const now = await find(clients, client.id);
    registry.clock.advance(3599);
    expect(clients.verifySecret(now, old)).toBe(true);
    registry.clock.advance(1);
    expect(clients.verifySecret(now, old)).toBe(false);
  });

  test('a client without a secret has none to rotate', async () => {
    const clients = await (await openRegistry()).open();
    const { client } = await clients.create(
      { metadata: { ...web, token_endpoint_auth_method: 'none' } },
      CLI,
    );
    await expect(clients.rotateSecret(client.id, CLI)).rejects.toThrow(InvalidClient);
  });

  test('changes at the same time all count: of six rotations among updates, one secret is good', async () => {
    const clients = await (await openRegistry()).open();
    const { client } = await clients.create({ metadata: web }, CLI);
    const rotations = Array.from({ length: 6 }, () => clients.rotateSecret(client.id, CLI));
    const updates = Array.from({ length: 6 }, (_, index) =>
      clients.update(client.id, { ...web, client_name: `Name ${index}` }, CLI),
    );
    const rotated = await Promise.all(rotations);
    await Promise.all(updates);
    const now = await find(clients, client.id);
    const good = rotated.filter((one) => clients.verifySecret(now, one?.secret ?? ''));
    expect(good).toHaveLength(1);
    expect(now.metadata['client_name']).toMatch(/^Name \d$/);
  });

  test('a deleted client is gone, and its tokens fall', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const { client } = await clients.create({ metadata: web }, CLI);
    expect(await clients.delete(client.id, CLI)).toBe(true);
    expect(await clients.find(client.id)).toBeUndefined();
    expect(registry.revoked).toEqual([client.id]);
    expect(await clients.delete(client.id, CLI)).toBe(false);
    expect(registry.revoked).toEqual([client.id]);
  });

  test('every change is audited, with who did it', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const { client } = await clients.create({ metadata: web }, REGISTRATION);
    await clients.update(client.id, web, REGISTRATION);
    await clients.rotateSecret(client.id, CLI);
    await clients.delete(client.id, CLI);
    expect((await registry.events()).map(({ type, by, clientId }) => [type, by, clientId])).toEqual(
      [
        ['client.created', 'registration', client.id],
        ['client.updated', 'registration', client.id],
        ['client.secret_rotated', 'cli', client.id],
        ['client.deleted', 'cli', client.id],
      ],
    );
  });
});

describe('the cache', () => {
  test('gives the very same object for as long as the client does not change', async () => {
    const registry = await openRegistry();
    const clients = await registry.open();
    const { client } = await clients.create({ metadata: web }, CLI);
    const first = await find(clients, client.id);
    await clients.create({ metadata: web }, CLI);
    registry.clock.advance(100);
    expect(await find(clients, client.id)).toBe(first);
    expect((await clients.list()).find(({ id }) => id === client.id)).toBe(first);
    await clients.update(client.id, { ...web, client_name: 'New' }, CLI);
    expect(await find(clients, client.id)).not.toBe(first);
  });

  test('another node hears of a change', async () => {
    const registry = await openRegistry();
    const [one, two] = [await registry.open(), await registry.open()];
    const { client, secret = '' } = await one.create({ metadata: web }, CLI);
    expect(two.verifySecret(await find(two, client.id), secret)).toBe(true);
    await one.rotateSecret(client.id, CLI);
    await expect.poll(async () => two.verifySecret(await find(two, client.id), secret)).toBe(false);
  });

  test('another node that hears nothing sees a change within a second', async () => {
    const registry = await openRegistry();
    const deaf = { ...registry.state, subscribe: async () => async () => {} };
    const [one, two] = [await registry.open(), await registry.open([], { state: deaf })];
    const { client } = await one.create({ metadata: web }, CLI);
    await find(two, client.id);
    await one.delete(client.id, CLI);
    registry.clock.advance(1);
    expect(await two.find(client.id)).toBeUndefined();
  });

  test('a change that was written but never told is seen within half a minute', async () => {
    const registry = await openRegistry();
    const [one, two] = [await registry.open(), await registry.open()];
    const { client } = await one.create({ metadata: web }, CLI);
    await find(two, client.id);
    await registry.records.write(registry.records.queries.deleteFrom('client'));
    registry.clock.advance(30);
    expect(await two.find(client.id)).toBeUndefined();
  });

  test('when state cannot say whether something changed, no old answer is given', async () => {
    const registry = await openRegistry();
    let isDown = false;
    const flaky = {
      ...registry.state,
      get: async (key: string) =>
        isDown ? await Promise.reject(new StateUnavailable('down')) : await registry.state.get(key),
    };
    const clients = await registry.open([declaredWeb], { state: flaky });
    const { client } = await clients.create({ metadata: web }, CLI);
    await find(clients, client.id);
    isDown = true;
    registry.clock.advance(1);
    await expect(clients.find(client.id)).rejects.toThrow(StateUnavailable);
    expect(await clients.find('web')).toMatchObject({ id: 'web' });
    isDown = false;
    expect(await clients.find(client.id)).toMatchObject({ id: client.id });
  });

  test('many finds at once are one look at the version and one read of the row', async () => {
    const registry = await openRegistry();
    let reads = 0;
    const records = {
      ...registry.records,
      first: async (query: Parameters<typeof registry.records.first>[0]) => {
        reads += 1;
        return await registry.records.first(query);
      },
    };
    let looks = 0;
    const state = {
      ...registry.state,
      get: async (key: string) => {
        looks += 1;
        return await registry.state.get(key);
      },
    };
    const writer = await registry.open();
    const { client } = await writer.create({ metadata: web }, CLI);
    const clients = await registry.open([], { state, records: records as never });
    const found = await Promise.all(Array.from({ length: 50 }, () => find(clients, client.id)));
    expect(new Set(found).size).toBe(1);
    expect([looks, reads]).toEqual([1, 1]);
    for (let index = 0; index < 50; index += 1) await find(clients, client.id);
    expect([looks, reads]).toEqual([1, 1]);
  });

  test('an id that no client can have is not looked up', async () => {
    const clients = await (await openRegistry()).open();
    for (const id of ['', ' ', 'a b', '-rf', '{x}', 'x'.repeat(129), 'é', "' OR 1=1 --"]) {
      expect(await clients.find(id)).toBeUndefined();
    }
  });
});

describe('clients of the configuration', () => {
  test('stand beside those in records, with the secret from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lk-secret-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'secret');
    await writeFile(file, 'f3c1a7d9e5b24680f3c1a7d9e5b24680\n', { mode: 0o600 });
    const registry = await openRegistry();
    const declared = [
      { id: 'web', secret: { file }, redirectUris: ['https://app.example.com/callback'] },
    ];
    const clients = await registry.open(declared, { profile: 'production' });
    await clients.create({ id: 'other', metadata: web }, CLI);
    expect((await clients.list()).map(({ id, source }) => [id, source])).toEqual([
      ['web', 'config'],
      ['other', 'cli'],
    ]);
    const client = await find(clients, 'web');
    expect(clients.verifySecret(client, 'f3c1a7d9e5b24680f3c1a7d9e5b24680')).toBe(true);
    expect(JSON.stringify(client)).not.toContain('f3c1a7d9');
    await chmod(file, 0o644);
    await expect(registry.open(declared)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  });

  test('are changed there and not here', async () => {
    const clients = await (await openRegistry()).open([declaredWeb]);
    await expect(clients.update('web', web, CLI)).rejects.toThrow(DeclaredInConfig);
    await expect(clients.rotateSecret('web', CLI)).rejects.toThrow(DeclaredInConfig);
    await expect(clients.delete('web', CLI)).rejects.toThrow(DeclaredInConfig);
  });

  test('count more than a client of the same id in records, and the operator is told', async () => {
    const registry = await openRegistry();
    const before = await registry.open();
    await before.create({ id: 'web', metadata: web }, CLI);
    const clients = await registry.open([declaredWeb]);
    expect(await clients.find('web')).toMatchObject({ source: 'config' });
    expect(await clients.list()).toHaveLength(1);
    expect(registry.lines.map(({ fields }) => fields.event)).toContain('client.shadowed');
  });

  test('with the secret in clear are for the dev profile, as are their http pages', async () => {
    const registry = await openRegistry();
    const declared = [{ ...declaredWeb, logoUri: 'http://localhost:3000/logo.png' }];
    await registry.open(declared);
    await expect(registry.open(declared, { profile: 'production' })).rejects.toMatchObject({
      problems: ['clients: web: logoUri: must be https', expect.stringContaining('secretInClear')],
    });
  });

  test('the sample clients of the dev profile are what their types say', async () => {
    const file = new URL('../../../config/dev.yaml', import.meta.url);
    const { clients: declared } = parse(await readFile(file, 'utf8'));
    const clients = await (await openRegistry()).open(declared);
    expect((await clients.list()).map(({ id }) => id)).toEqual(['spa', 'web', 'machine', 'try']);
    expect(await find(clients, 'spa')).toMatchObject({
      metadata: { token_endpoint_auth_method: 'none', response_types: ['code'] },
      policy: { requirePkce: true, anyLoopbackPort: true },
    });
    expect(await find(clients, 'machine')).toMatchObject({
      metadata: { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
      policy: { introspects: ['https://api.example.com'] },
    });
    const client = await find(clients, 'web');
    expect(clients.verifySecret(client, 'latchkey-dev-secret-not-for-production-0001')).toBe(true);
  });
});
