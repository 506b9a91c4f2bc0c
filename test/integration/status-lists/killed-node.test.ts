import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import { details } from '../revocation/fixture.ts';
import {
  createShiftedClock,
  createTestKey,
  openListNode,
  type Issued,
  type TestKey,
} from './fixture.ts';
import { siteOn } from './site-on.ts';

const PROGRAM = fileURLToPath(new URL('killed-node.program.ts', import.meta.url));
const BUSY_MS_MAX = 1500;
/** What it gives out in a second: it tells of it four times in that. */
const UNTOLD_MAX = 4000;

let key: TestKey;
let folder: string;
beforeAll(async () => {
  key = await createTestKey();
  folder = await mkdtemp(join(tmpdir(), 'lk-status-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A node that is killed at some moment after its first token; all that it gave out. */
async function liveAndDie(file: string, busyMs: number): Promise<readonly Issued[]> {
  const child = spawn(process.execPath, [PROGRAM, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const issued: Issued[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    // The last one may be cut by the kill.
    if (line.endsWith('}')) issued.push(JSON.parse(line) as Issued);
  });
  const closed = once(lines, 'close');
  await Promise.race([once(lines, 'line'), closed]);
  await delay(busyMs);
  child.kill('SIGKILL');
  await closed;
  return issued;
}

test.each(Array.from({ length: rounds(2, 20) }, (_, index) => index))(
  'no token of a killed node (%i) is shown as valid that is revoked then',
  async (round) => {
    const file = join(folder, `${round}.sqlite`);
    const issued = await liveAndDie(file, BUSY_MS_MAX * Math.random());
    const [revoked, others] = ['account-0', 'account-1'].map((id) =>
      issued.filter(({ accountId }) => accountId === id),
    );
    if (revoked === undefined || others === undefined) throw new TypeError();
    const clock = createShiftedClock();
    const node = await openListNode(siteOn(file, clock), { key, clock });
    try {
      const what = { kind: 'account', accountId: 'account-0' } as const;
      const { number } = await node.revocation.revoke(what, details);
      // Now the dead node has been silent for longer than clocks may be apart.
      clock.shift(120);
      await node.lists.whenShown(number, new AbortController().signal);
      expect(await node.statuses(revoked)).toEqual(revoked.map(() => 1));
      // Of those that nobody revoked only what it had not told of is refused: the last ones.
      const lost = (await node.statuses(others)).indexOf(1);
      const told = lost === -1 ? others : others.slice(0, lost);
      expect(await node.statuses(others.slice(told.length))).toEqual(
        others.slice(told.length).map(() => 1),
      );
      expect(others.length - told.length).toBeLessThan(UNTOLD_MAX);
    } finally {
      await node.close();
    }
  },
);
