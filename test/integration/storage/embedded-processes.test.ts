import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { State } from '../../../src/storage/state.ts';
import { rounds } from '../../support/counts.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';

const PROGRAM = fileURLToPath(new URL('./embedded-neighbour.program.ts', import.meta.url));

describe('two processes on one embedded file', () => {
  let place: EmbeddedPlace;
  let state: State;
  let neighbour: ChildProcessByStdio<Writable, Readable, null>;
  let said: AsyncIterator<unknown[]>;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
    ({ state } = await place.open());
    neighbour = spawn(process.execPath, [PROGRAM, place.file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    said = on(createInterface({ input: neighbour.stdout }), 'line');
    expect(await nextLine()).toBe('ready');
  });
  afterEach(async () => {
    const gone = once(neighbour, 'exit');
    neighbour.stdin.end();
    expect(await gone).toEqual([0, null]);
    await place.close();
  });

  async function nextLine(): Promise<unknown> {
    return (await said.next()).value?.[0];
  }

  test('hear each other, about at once', async () => {
    let heard = 0;
    await state.subscribe('from-neighbour', () => (heard += 1));
    await state.notify('to-neighbour');
    expect(await nextLine()).toBe('heard');
    neighbour.stdin.write('notify\n');
    await expect.poll(() => heard).toBe(1);
  });

  test('race for keys, and each key has exactly one winner', async () => {
    const races = rounds(500, 20_000);
    neighbour.stdin.write(`race ${races}\n`);
    const swaps = Array.from({ length: races }, (_, n) =>
      state.swap(`race-${n}`, undefined, 'here'),
    );
    const won = (await Promise.all(swaps)).filter((version) => version !== undefined).length;
    expect(await nextLine()).toBe(`won ${races - won}`);
    const keys = Array.from({ length: races }, (_, n) => `race-${n}`);
    const entries = await state.getMany(keys);
    expect(entries.filter((entry) => entry?.value === 'here')).toHaveLength(won);
    expect(entries.filter((entry) => entry?.value === 'neighbour')).toHaveLength(races - won);
  });
});
