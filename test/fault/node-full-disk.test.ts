import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorize, redeem } from '../../bench/browser-flow.ts';
import { broken, type Family } from './support/ledger.ts';
import { isActive, refresh, revoke, revokedAlive, signUp } from './support/load.ts';
import type { Visitor } from './support/visitor.ts';
import { APP, openWorld, PERSON, type World } from './support/world.ts';

/** Mounts a disk of its own where nobody else sees it, so that it goes with the process. */
const ON_SMALL_DISK = 'unshare --map-root-user --mount sh -c'.split(' ');
const MOUNT = 'mount -t tmpfs -o size=24m,mode=700 tmpfs "$0" && exec "$@"';
const BLOCK = Buffer.alloc(64 * 1024);

let world: World;
let visitor: Visitor;
let browser: Visitor;
let family: Family;

beforeAll(async () => {
  world = await openWorld({
    state: 'embedded',
    prefix: (folder) => [...ON_SMALL_DISK, MOUNT, join(folder, 'disk')],
    settings: (folder) => ({
      log: { level: 'info' },
      storage: { embedded: { file: join(folder, 'disk/latchkey.sqlite') } },
    }),
    prepare: (folder) => mkdir(join(folder, 'disk')),
  });
  visitor = world.visitor();
  browser = world.visitor({ isBrowser: true });
  family = await signUp(world.ledger, browser);
});
afterAll(() => world.close());

/** A file on the node's disk, as the node's own mounts show it. */
function filler(): string {
  return join(`/proc/${world.nodes[0]?.process.pid}/root`, world.folder, 'disk/filler');
}

async function fillDisk(): Promise<void> {
  const file = await open(filler(), 'w');
  try {
    for (;;) await file.write(BLOCK);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    await file.close();
  }
}

describe('a node whose disk is full', () => {
  test('redeems the codes that are on their way, and refreshes', async () => {
    const authorized = await authorize(browser, { client: APP, ...PERSON });
    await fillDisk();
    // What is still free inside the file is used up before the disk is missed.
    await expect
      .poll(() => signUp(world.ledger, browser).then(() => 'signed in', String), {
        interval: 0,
      })
      .toContain('503');
    const answer = await redeem(visitor, APP, authorized);
    expect(answer.status, answer.body).toBe(200);
    expect((await refresh(world.ledger, visitor, family)).status).toBe(200);
  });

  test('goes on reading', async () => {
    const token = family.accessTokens.at(-1) ?? '';
    const headers = { authorization: `Bearer ${token}` };
    expect((await visitor.request('/userinfo', { headers })).status).toBe(200);
    expect(await isActive(visitor, token)).toBe(true);
  });

  test('goes on revoking', async () => {
    await revoke(world.ledger, visitor, family);
    expect(await revokedAlive(visitor, world.ledger)).toEqual([]);
  });

  test('begins no sign-in: 503 with the time to come again, and nothing worse', async () => {
    await expect(signUp(world.ledger, browser)).rejects.toThrow('503');
    expect(world.ledger.lines.at(-1)).toMatchObject({ status: 503, retryAfter: '2' });
    expect(broken(world.ledger.lines, [503])).toEqual([]);
    await expect.poll(() => world.nodes[0]?.output()).toContain('"event":"storage.full"');
  });

  test('takes sign-ins again by itself once there is room', async () => {
    await rm(filler());
    await expect
      .poll(() => signUp(world.ledger, browser).then(() => 'signed in', String), {
        interval: 200,
      })
      .toBe('signed in');
    expect(await revokedAlive(visitor, world.ledger)).toEqual([]);
    await expect.poll(() => world.nodes[0]?.output()).toContain('"event":"storage.room"');
  });
});
