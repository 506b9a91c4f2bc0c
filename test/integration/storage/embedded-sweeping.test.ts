import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { State } from '../../../src/storage/state.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';

let place: EmbeddedPlace;
let state: State;
let file: DatabaseSync;

beforeEach(async () => {
  place = await createEmbeddedPlace();
  ({ state } = await place.open());
  file = new DatabaseSync(place.file, { readOnly: true });
});

afterEach(async () => {
  file.close();
  await place.close();
});

/** How many rows the file holds, whether or not anyone may still read them. */
function rows(table: string): unknown {
  return file.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'];
}

test('what has expired is deleted from the file in the background, and nothing else', async () => {
  const { clock } = place;
  const many = Array.from({ length: 700 }, (_, n) => n);
  await Promise.all([
    ...many.map((n) => state.put(`short-${n}`, n, { ttlSeconds: 60 })),
    ...many.map((n) => state.count(`short-${n}`, 1, 60)),
    ...many.map((n) => state.add('set', `short-${n}`, clock.now() + 60)),
    state.put('long', 1, { ttlSeconds: 600 }),
    state.put('for-ever', 1),
    state.count('long', 1, 600),
    state.add('set', 'long', clock.now() + 600),
    state.append('log', ['kept']),
  ]);
  clock.advance(61);
  await expect.poll(() => rows('state_entry')).toBe(2);
  await expect.poll(() => rows('state_counter')).toBe(1);
  await expect.poll(() => rows('state_member')).toBe(1);
  expect(rows('state_log_entry')).toBe(1);
  expect(await state.list('set')).toEqual(['long']);
});

test('the log beside the file is folded back while the node runs, so that it stays short', async () => {
  const value = 'x'.repeat(100_000);
  for (let n = 0; n < 200; n += 1) await state.put(`key-${n % 10}`, value);
  const { size } = await stat(`${place.file}-wal`);
  expect(size).toBeLessThan(6 * 1024 * 1024);
});
