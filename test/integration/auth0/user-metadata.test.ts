import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUserMetadata, type UserMetadata } from '../../../src/auth0/user-metadata.ts';
import type { Rooms } from '../../../src/compose.ts';
import { startServers, type TestServers } from '../../support/servers.ts';
import { openTenantNode, type TenantNode } from './tenant-node.ts';

const ACTOR = { by: 'test', origin: { address: 'test' } };

let servers: TestServers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers.stop());

describe.each(['embedded', 'servers'])('metadata of people, on the %s engine', (engine) => {
  let node: TenantNode;
  let rooms: Rooms;
  let metadata: UserMetadata;

  beforeAll(async () => {
    node = await openTenantNode({}, engine === 'embedded' ? {} : servers.settings);
    rooms = await node.openRooms();
    metadata = createUserMetadata(rooms);
  });

  afterAll(async () => {
    await rooms.close();
    await node.close();
  });

  async function idOf(name: string): Promise<string> {
    return (await rooms.accounts.findByLogin(name))?.id ?? 'nobody';
  }

  test('is merged at its first level, and null takes a member away', async () => {
    const ann = await idOf('ann');
    const first = { user: { theme: { dark: true }, size: 3 }, app: { plan: 'free' } };
    expect(await metadata.merge(ann, first, ACTOR)).toBe(true);
    await metadata.merge(ann, { user: { theme: { contrast: 1 }, size: null } }, ACTOR);
    expect(await metadata.of(ann)).toEqual({
      user: { theme: { contrast: 1 } },
      app: { plan: 'free' },
    });
  });

  test('of many who change one person at once, all count', async () => {
    const ben = await idOf('ben');
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(names.map((name) => metadata.merge(ben, { app: { [name]: 1 } }, ACTOR)));
    expect(Object.keys((await metadata.of(ben)).app).toSorted()).toEqual(names);
  });

  test('is of nobody who is not there, and goes with the account', async () => {
    expect(await metadata.merge('nobody', { user: { a: 1 } }, ACTOR)).toBe(false);
    const cat = await idOf('cat');
    await metadata.merge(cat, { user: { a: 1 } }, ACTOR);
    await rooms.accounts.delete(cat, ACTOR);
    expect(await metadata.of(cat)).toEqual({ user: {}, app: {} });
    expect(await metadata.merge(cat, { user: { a: 1 } }, ACTOR)).toBe(false);
  });

  test('begins with an account, and has a limit', async () => {
    const made = { user: { a: 1 }, app: {} };
    const account = { username: 'zoe', email: 'zoe@example.com' };
    const { id } = await rooms.accounts.create(account, ACTOR, [metadata.beginnings(made)]);
    expect(await metadata.of(id)).toEqual(made);
    const much = { user: { text: 'x'.repeat(65_536) } };
    await expect(metadata.merge(id, much, ACTOR)).rejects.toThrow(/65536 bytes/u);
    expect(() => metadata.beginnings({ ...made, ...much })).toThrow(/65536 bytes/u);
  });
});

test('people take it along with the rest of what is kept of them', async () => {
  const node = await openTenantNode();
  const rooms = await node.openRooms();
  const ann = await rooms.accounts.findByLogin('ann');
  await createUserMetadata(rooms).merge(ann?.id ?? '', { user: { theme: 'dark' } }, ACTOR);
  await rooms.close();
  const visitor = node.visitor();
  await visitor.get('/account');
  await visitor.signIn('ann');
  await visitor.get('/account/data');
  const { html } = await visitor.send('/account/data/download');
  expect(JSON.parse(html)).toMatchObject({ auth0: { user_metadata: { theme: 'dark' } } });
  await node.close();
});
