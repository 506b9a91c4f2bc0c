import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('./embedded-full-disk.program.ts', import.meta.url));

/** What the program saw on a file system of 16 MiB, mounted where nobody else sees it. */
interface Seen {
  readonly whenFull: Record<string, unknown>;
  readonly whenReopened: Record<string, unknown>;
  readonly withRoom: Record<string, unknown>;
  readonly events: readonly string[];
}

async function runOnSmallDisk(folder: string): Promise<Seen> {
  // A mount namespace of its own, so that the mount goes with the process; as any user, where the kernel lets.
  const script = 'mount -t tmpfs -o size=16m,mode=700 tmpfs "$0" && exec "$1" "$2" "$0"';
  const shell = ['sh', '-c', script, folder, process.execPath, PROGRAM];
  const { stdout } = await promisify(execFile)('unshare', [
    '--map-root-user',
    '--mount',
    ...shell,
  ]).catch((cause: Error) => {
    throw new Error('needs util-linux and user namespaces: apt-get install util-linux', { cause });
  });
  return JSON.parse(stdout) as Seen;
}

describe('on a disk that is full', () => {
  let folder: string;
  let seen: Seen;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-full-'));
    seen = await runOnSmallDisk(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('reads go on, and everything that was answered is there', () => {
    expect(seen.whenFull).toMatchObject({ get: 'alive', lastKept: true });
  });

  test('what is ordinary is refused as having no room', () => {
    expect(seen.whenFull).toMatchObject({
      put: 'StateFull',
      count: 'StateFull',
      insert: 'RecordsUnavailable',
    });
  });

  test('redemptions, deletions, revocations and their audit go on, a thousand of them', () => {
    expect(seen.whenFull['essential']).toEqual({
      swap: 'done',
      delete: 'done',
      appended: 1000,
      disable: 'done',
      audit: 'done',
    });
  });

  test('the room that was freed for them is not given to what is ordinary', () => {
    expect(seen.whenFull['putAfterwards']).toBe('StateFull');
  });

  test('health stays good, for the node still serves, but says what to do', () => {
    expect(seen.whenFull['health']).toMatchObject({
      ok: true,
      remarks: [expect.stringContaining('the disk is full')],
    });
  });

  test('a node starts all the same, and knows what was revoked', () => {
    expect(seen.whenReopened).toEqual({
      get: 'redeemed',
      log: 1000,
      put: 'StateFull',
      append: 'done',
    });
  });

  test('once there is room again, writes are taken and the reserve is restored, by itself', () => {
    expect(seen.withRoom).toEqual({
      put: 'done',
      health: { ok: true, remarks: [] },
      reserve: true,
    });
    expect(seen.events).toEqual(['storage.full', 'storage.full', 'storage.room']);
  });
});
