import { expect, test } from 'vitest';
import { DeclaredInConfig, InvalidClient } from '../../../src/clients/clients.ts';
import { servedClients } from '../../../src/clients/served-clients.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { CLI, openRegistry } from './fixture.ts';

const spa = {
  redirect_uris: ['https://app.example.com/callback'],
  token_endpoint_auth_method: 'none',
};
const web = { ...spa, token_endpoint_auth_method: 'client_secret_post' };
const keeping = { keepsSecret: true };

test('a client is revised by what it is: of many changes at once all count', async () => {
  const clients = await (await openRegistry()).open();
  const { client } = await clients.create({ metadata: spa, policy: { beside: { count: 0 } } }, CLI);
  await Promise.all(
    Array.from({ length: 6 }, () =>
      clients.revise(
        client.id,
        ({ metadata, policy: { beside } }) => ({
          metadata,
          policy: { beside: { count: Number(beside?.['count']) + 1 } },
        }),
        CLI,
      ),
    ),
  );
  expect((await clients.find(client.id))?.policy.beside).toEqual({ count: 6 });
});

test('a secret that is kept can be told again, on each node and after a change of the master key', async () => {
  const registry = await openRegistry();
  const clients = await registry.open();
  const { client, secret } = await clients.create({ metadata: web, policy: keeping }, CLI);
  const { client: other } = await clients.create({ metadata: web }, CLI);
  expect(await clients.keptSecret(other)).toBeUndefined();
  const newKey = Buffer.alloc(32, 8);
  const both = await registry.open([], { sealer: createSealer([newKey, Buffer.alloc(32, 7)]) });
  expect(await both.resealSecrets(createSealer([newKey]))).toBe(1);
  const later = await registry.open([], { sealer: createSealer([newKey]) });
  const found = await later.find(client.id);
  expect(found && (await later.keptSecret(found))).toBe(secret);
  const rotated = await later.rotateSecret(client.id, CLI);
  expect(rotated && (await later.keptSecret(rotated.client))).toBe(rotated?.secret);
});

test('a client that comes to need a secret is given one, and loses it when it needs none', async () => {
  const clients = await (await openRegistry()).open();
  const { client } = await clients.create({ metadata: spa, policy: keeping }, CLI);
  const given = await clients.revise(client.id, () => ({ metadata: web, policy: keeping }), CLI);
  const secret = given && (await clients.keptSecret(given));
  expect(given && clients.verifySecret(given, secret ?? '')).toBe(true);
  const back = await clients.revise(client.id, () => ({ metadata: spa, policy: keeping }), CLI);
  expect(back?.secretHash).toBeUndefined();
});

test('what does not fit, is declared, or is not there is not revised', async () => {
  const clients = await (
    await openRegistry()
  ).open([{ id: 'declared', type: 'spa', redirectUris: spa.redirect_uris }]);
  const { client } = await clients.create({ metadata: spa }, CLI);
  const revision = { metadata: { ...spa, redirect_uris: ['http://app.example.com/'] }, policy: {} };
  await expect(clients.revise(client.id, () => revision, CLI)).rejects.toThrow(InvalidClient);
  await expect(clients.revise('declared', () => revision, CLI)).rejects.toThrow(DeclaredInConfig);
  expect(await clients.revise('nobody', () => revision, CLI)).toBeUndefined();
});

test('whoever serves some clients alone knows of no others', async () => {
  const clients = await (await openRegistry()).open();
  const policy = { servedBy: 'tenant' };
  const metadata = { ...spa, subject_type: 'pairwise' };
  const { client } = await clients.create({ metadata, policy }, CLI);
  const own = servedClients(clients, (one) => one.policy.servedBy === 'tenant');
  const others = servedClients(clients, (one) => one.policy.servedBy === undefined);
  expect(await own.find(client.id)).toEqual(client);
  expect(await others.find(client.id)).toBeUndefined();
  expect(await own.list()).toHaveLength(1);
  expect([...(await others.list()), ...(await others.pairwise())]).toEqual([]);
});
