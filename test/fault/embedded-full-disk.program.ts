import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { auditConfig } from '../../src/audit/config.ts';
import { createAudit } from '../../src/audit/create-audit.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openEmbedded } from '../../src/storage/embedded/open-embedded.ts';
import type { Records } from '../../src/storage/records.ts';
import type { State } from '../../src/storage/state.ts';
import { createToldLogger } from '../support/told.ts';

/** Lives on a small file system of its own, fills it up, and prints as JSON what then still works. */
async function main(folder: string): Promise<Record<string, unknown>> {
  const file = join(folder, 'latchkey.sqlite');
  const logger = createToldLogger();
  const open = (): ReturnType<typeof openEmbedded> =>
    openEmbedded({ file, clock: systemClock, logger });

  const first = await open();
  await first.records.migrate();
  const { queries } = first.records;
  const account = { id: 'a', email_verified: 0, claims: '{}', attributes: '{}', owner: 0 };
  const dates = { created_at: 1, updated_at: 1, source: 'cli' };
  await first.records.write(queries.insertInto('account').values({ ...account, ...dates }));
  const seen = await first.state.put('session', 'alive', { ttlSeconds: 3600 });
  const filled = await fillWithEntries(first.state);
  const whenFull = {
    filled,
    get: (await first.state.get('session'))?.value,
    lastKept: (await first.state.get(`filler${filled - 1}`)) !== undefined,
    put: await fault(first.state.put('small', 1)),
    count: await fault(first.state.count('small', 1, 60)),
    insert: await fault(
      first.records.write(queries.insertInto('account').values({ ...account, ...dates, id: 'b' })),
    ),
    essential: {
      swap: await fault(first.state.swap('session', seen, 'redeemed', { essential: true })),
      delete: await fault(first.state.delete('filler0')),
      appended: await revokeMany(first.state, 1000),
      disable: await fault(
        first.records.write(queries.updateTable('account').set({ disabled_at: 2 })),
      ),
      audit: await fault(recordOne(first.records)),
    },
    putAfterwards: await fault(first.state.put('small', 1)),
    health: await first.state.health(),
  };
  await first.close();

  const second = await open();
  const whenReopened = {
    get: (await second.state.get('session'))?.value,
    log: (await second.state.readLog('revocations', 0, 1)).last,
    put: await fault(second.state.put('small', 1)),
    append: await fault(second.state.append('revocations', ['again'], { essential: true })),
  };

  execFileSync('/usr/bin/mount', ['-o', 'remount,size=64m', folder]);
  for (let tries = 0; tries < 100 && !logger.events().includes('storage.room'); tries += 1) {
    await delay(50);
  }
  const withRoom = {
    put: await fault(second.state.put('small', 1)),
    health: await second.state.health(),
    reserve: readdirSync(folder).includes('latchkey.sqlite.reserve'),
  };
  await second.close();
  return { whenFull, whenReopened, withRoom, events: logger.events() };
}

async function fillWithEntries(state: State): Promise<number> {
  for (let n = 0; ; n += 1) {
    const refused = await fault(state.put(`filler${n}`, 'x'.repeat(40_000)));
    if (refused !== 'done') return n;
  }
}

/** As many single revocations as the disk takes, each in a transaction of its own; stops at `count`. */
async function revokeMany(state: State, count: number): Promise<number> {
  for (let n = 0; n < count; n += 1) {
    const refused = await fault(state.append('revocations', [`grant-${n}`], { essential: true }));
    if (refused !== 'done') return n;
  }
  return count;
}

function fault(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'done',
    (error: Error) => error.name,
  );
}

/** As the audit itself does it: the event, and the head of its chain. */
async function recordOne(records: Records): Promise<void> {
  const logger = createToldLogger();
  const settings = auditConfig.parse(undefined);
  const audit = createAudit({ records, logger, settings, clock: systemClock, node: 'n' });
  await audit.record({ type: 'sign_out', origin: { address: '127.0.0.1' } });
  await audit.close();
}

process.stdout.write(JSON.stringify(await main(String(process.argv[2]))));
