import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Embedded } from '../../src/storage/embedded/open-embedded.ts';
import { rounds } from '../support/counts.ts';
import { createEmbeddedPlace } from '../support/embedded-file.ts';

const PROGRAM = fileURLToPath(new URL('./embedded-kill.program.ts', import.meta.url));
const KILLS = rounds(20, 300);
const LIVES_AT_ONCE = 4;
/** More than the lives of one batch can redeem between them; each batch begins after those of the one before. */
const TICKETS_A_BATCH = 200;
const TICKETS = Math.ceil(KILLS / LIVES_AT_ONCE) * TICKETS_A_BATCH;
const BUSY_MS_MAX = 60;

/** Everything that was answered, in every life. */
interface Ledger {
  readonly puts: Map<string, number>;
  readonly appends: Map<number, string>;
  readonly inserts: Set<string>;
  readonly redeemed: number[];
}

test(`nothing that was answered is lost, and nothing is done twice, in ${KILLS} kills at random moments`, async () => {
  const place = await createEmbeddedPlace();
  const { state, records, close } = await place.open();
  await records.migrate();
  const numbers = Array.from({ length: TICKETS }, (_, n) => n);
  await Promise.all(numbers.map((n) => state.put(`ticket-${n}`, n)));
  await close();

  const ledger: Ledger = {
    puts: new Map(),
    appends: new Map(),
    inserts: new Set(),
    redeemed: [],
  };
  for (let life = 0; life < KILLS; life += LIVES_AT_ONCE) {
    const lives = Array.from({ length: LIVES_AT_ONCE }, (_, n) => [
      `life${life + n}`,
      String((life / LIVES_AT_ONCE) * TICKETS_A_BATCH),
    ]);
    await Promise.all(lives.map((args) => liveAndDie([place.file, ...args], ledger)));
    const reopened = await place.open();
    await checkAgainst(ledger, reopened);
    await reopened.close();
  }
  expect(ledger.puts.size).toBeGreaterThan(KILLS);
  expect(ledger.redeemed.length).toBeGreaterThan(KILLS);
  await place.close();
});

/** One process, killed at some moment after its first answer; all of its answers are in the ledger. */
async function liveAndDie(args: readonly string[], ledger: Ledger): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => note(line, ledger));
  const closed = once(lines, 'close');
  await Promise.race([once(lines, 'line'), closed]);
  await delay(Math.random() * BUSY_MS_MAX);
  child.kill('SIGKILL');
  await closed;
}

function note(line: string, { puts, appends, inserts, redeemed }: Ledger): void {
  // Each line was one small write, which a pipe takes as a whole or not at all: none is cut by the kill.
  const [verb, first = '', second = ''] = line.split(' ');
  if (verb === 'put') puts.set(first, Number(second));
  else if (verb === 'append') appends.set(Number(first), second);
  else if (verb === 'insert') inserts.add(first);
  else if (verb === 'redeem') redeemed.push(Number(first));
}

async function checkAgainst(ledger: Ledger, { state, records }: Embedded): Promise<void> {
  const keys = [...ledger.puts.keys()];
  const entries = await state.getMany(keys);
  expect(entries.map((entry) => entry?.value)).toEqual([...ledger.puts.values()]);

  const { entries: logged, last } = await state.readLog('log', 0, 1_000_000);
  expect(logged.map((entry) => entry.number)).toEqual(
    Array.from({ length: last }, (_, n) => n + 1),
  );
  for (const [number, value] of ledger.appends) expect(logged[number - 1]?.value).toBe(value);

  const rows = await records.all(records.queries.selectFrom('installation').select('name'));
  const names = new Set(rows.map((row) => row.name));
  for (const name of ledger.inserts) expect(names).toContain(name);
  for (const name of names) expect(names).toContain(`${name.replace('-twin', '')}-twin`);

  expect(new Set(ledger.redeemed).size).toBe(ledger.redeemed.length);
  const tickets = await state.getMany(ledger.redeemed.map((n) => `ticket-${n}`));
  expect(tickets.filter(Boolean)).toEqual([]);
}
