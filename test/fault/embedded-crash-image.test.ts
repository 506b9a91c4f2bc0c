import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbedded, type Embedded } from '../../src/storage/embedded/open-embedded.ts';
import { rounds } from '../support/counts.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../support/embedded-file.ts';

const STEPS = 40;
const CUTS = rounds(14, 150);

/** What a crash may leave of a log that was being written: the rest never reached the disk, or is noise. */
const TAILS = [
  ['is missing', (log: Buffer, cut: number) => log.subarray(0, cut)],
  ['is noise', (log: Buffer, cut: number) => Buffer.from(log).fill(0x5a, cut)],
] as const;

describe('power that fails', () => {
  let place: EmbeddedPlace;
  /** How long the log was when each step was answered. */
  let answeredAt: number[];
  let log: Buffer;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
    const { state, records } = await place.open();
    await records.migrate();
    answeredAt = [];
    for (let n = 1; n <= STEPS; n += 1) {
      await takeStep({ state, records }, n);
      answeredAt.push((await stat(`${place.file}-wal`)).size);
    }
    log = await readFile(`${place.file}-wal`);
  });
  afterEach(() => place.close());

  test.each(TAILS)('leaves a consistent start when the end of the log %s', async (_, tail) => {
    let before = 0;
    for (let n = 0; n <= CUTS; n += 1) {
      const cut = Math.floor((log.length * n) / CUTS);
      const steps = await stepsInImage(tail(log, cut), `image-${n}`);
      const answered = answeredAt.filter((length) => length <= cut).length;
      expect(steps, `cut at ${cut}`).toBeGreaterThanOrEqual(answered);
      expect(steps).toBeGreaterThanOrEqual(before);
      before = steps;
    }
    expect(before).toBe(STEPS);
  });

  /** Opens the file as the crash left it, and counts the steps that are there: the first ones, each as a whole. */
  async function stepsInImage(wal: Uint8Array, name: string): Promise<number> {
    const folder = join(place.folder, name);
    await mkdir(folder);
    const file = join(folder, 'latchkey.sqlite');
    await copyFile(place.file, file);
    await writeFile(`${file}-wal`, wal, { mode: 0o600 });
    const image = await openEmbedded({ file, clock: place.clock, logger: place.logger });
    try {
      return await countSteps(image);
    } finally {
      await image.close();
    }
  }
});

/** One answered write of each kind that has more than one part. */
async function takeStep({ state, records }: Omit<Embedded, 'close'>, n: number): Promise<void> {
  const row = (name: string): Parameters<typeof insert.values>[0] => ({ name, value: String(n) });
  const insert = records.queries.insertInto('installation');
  await Promise.all([
    state.append('log', [`${n}a`, `${n}b`]),
    records.write(insert.values(row(`${n}-left`)), insert.values(row(`${n}-right`))),
  ]);
}

async function countSteps({ state, records }: Embedded): Promise<number> {
  const { entries, last } = await state.readLog('log', 0, 1000);
  const steps = last / 2;
  const numbers = Array.from({ length: steps }, (_, n) => n + 1);
  expect(entries.map((entry) => entry.value)).toEqual(numbers.flatMap((n) => [`${n}a`, `${n}b`]));
  if (steps === 0) return 0;
  const rows = await records.all(records.queries.selectFrom('installation').select('name'));
  expect(rows.map((row) => row.name).toSorted()).toEqual(
    numbers.flatMap((n) => [`${n}-left`, `${n}-right`]).toSorted(),
  );
  return steps;
}
