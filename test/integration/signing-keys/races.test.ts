import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRingStore } from '../../../src/signing-keys/ring-store.ts';
import type { SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { rounds } from '../../support/counts.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { FAST, openHouse, phases, signerOf, type House } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const made = (): number => house.events.filter(({ type }) => type === 'key.generated').length;

describe.each([2, 5])('%i nodes that turn one ring', (count) => {
  test('make one key for each slot, and agree on who signs at every second', async () => {
    const settings = house.settings(FAST);
    const nodes: SigningKeys[] = [];
    for (let index = 0; index < count; index += 1) nodes.push(await house.openNode({ settings }));
    const kids = new Set<string | undefined>();
    const rotations = rounds(40, 200);
    // A busy machine lets the clock run ahead of the nodes; what is made late moves the ring on.
    const secondsMax = 2000 * rotations;
    for (let second = 0; kids.size <= rotations && second < secondsMax; second += 1) {
      house.clock.advance(1);
      // In the very second, before anybody can have read anything.
      const signers = new Set(nodes.map((node) => signerOf(node)?.kid));
      expect(signers.size).toBe(1);
      kids.add([...signers][0]);
      await new Promise((resolve) => setImmediate(resolve));
      await expect
        .poll(() => new Set(nodes.map((node) => phases(node).join())).size, { interval: 1 })
        .toBe(1);
    }
    expect(kids).not.toContain(undefined);
    expect(kids.size).toBe(rotations + 1);
    const { state, namespace, sealer } = await house.options({ settings });
    const store = createRingStore({ state, namespace, sealer });
    const slotsWithoutKey = async (): Promise<number> => {
      const ring = (await store.readAll()).find(({ kind }) => kind === 'ring');
      return ring?.kind === 'ring' ? ring.ring.slots - made() : Number.NaN;
    };
    await expect.poll(slotsWithoutKey).toBe(0);
  });
});

test('two processes on one file have one ring, and follow each other', async () => {
  const { logger } = createRecordingLogger();
  const { file, clock } = house;
  const other = await openEmbedded({ file, clock, logger });
  const settings = house.settings(FAST);
  const here = await house.openNode({ settings });
  const there = await house.openNode({ settings, state: other.state });
  await (await house.administer({ settings })).rotateNow({ immediately: true });
  // The embedded engine looks for the writes of other processes every 100 ms.
  await expect.poll(() => phases(there)).toEqual(phases(here));
  expect(phases(here)).toHaveLength(2);
  await there.close();
  await other.close();
});

test('many orders at once from two operators each have their effect, one after another', async () => {
  const settings = house.settings(FAST);
  const node = await house.openNode({ settings });
  const operators = [await house.administer({ settings }), await house.administer({ settings })];
  const orders = operators.flatMap((operator) =>
    Array.from({ length: rounds(10, 25) }, () => operator.rotateNow({ immediately: true })),
  );
  const signing = (await Promise.all(orders)).map((rotations) => rotations[0]?.kid);
  expect(new Set(signing).size).toBe(orders.length);
  await expect.poll(() => signing).toContain(signerOf(node)?.kid);
  await expect.poll(() => node.current().keys).toHaveLength(orders.length + 1);
});
