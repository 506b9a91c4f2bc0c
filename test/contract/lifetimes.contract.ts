import { describe, expect, test as base } from 'vitest';
import type { State } from '../../src/storage/state.ts';
import type { StateEngine } from './state.contract.ts';

/** What each test has for itself: an engine, and two nodes with a handle on it each. */
interface Place {
  readonly engine: StateEngine;
  readonly here: State;
  readonly there: State;
}

/** Holds every {@link State} to what its entries, counters and members live for: all at once, as they mostly wait. */
export function describeLifetimesContract(name: string, arrange: () => Promise<StateEngine>): void {
  const test = base.extend<Place>({
    // oxlint-disable-next-line no-empty-pattern -- it asks for no other
    engine: async ({}, use) => {
      const engine = await arrange();
      await use(engine);
      await engine.close();
    },
    here: ({ engine }, use) => useHandle(engine, use),
    there: ({ engine }, use) => useHandle(engine, use),
  });

  describe.concurrent(`${name} keeps the state contract: how long things live`, () => {
    test('an entry vanishes when its time is over, and only then', async ({
      engine,
      here,
      there,
    }) => {
      await here.put('mortal', 1, { ttlSeconds: 8 });
      await here.put('made-mortal', 1);
      await here.put('made-mortal', 2, { ttlSeconds: 8 });
      await here.put('made-immortal', 1, { ttlSeconds: 8 });
      await here.put('made-immortal', 2);
      const seen = await here.put('swapped', 1, { ttlSeconds: 8 });
      const swapped = await there.swap('swapped', seen, 2, { ttlSeconds: 100 });
      await here.swap('swap-mortal', undefined, 1, { ttlSeconds: 8 });

      // At once: on a busy machine, of seconds that really pass the rest may be over soon.
      expect((await there.getMany(['mortal', 'made-mortal', 'swap-mortal'])).every(Boolean)).toBe(
        true,
      );
      await engine.pass(9);

      expect(await there.get('mortal')).toBeUndefined();
      expect(await there.get('made-mortal')).toBeUndefined();
      expect(await there.get('swap-mortal')).toBeUndefined();
      expect((await there.get('made-immortal'))?.value).toBe(2);
      expect(await there.get('swapped')).toEqual({ value: 2, version: swapped });
      expect(await here.delete('mortal')).toBe(false);
      expect(await here.swap('mortal', undefined, 'again')).toBeDefined();
    });

    test('a counter lives from its first count on, whatever is counted later', async ({
      engine,
      here,
      there,
    }) => {
      await here.count('c', 1, 8);
      await engine.pass(1);
      expect(await there.count('c', 1, 100)).toBe(2);
      await engine.pass(8);
      expect(await there.count('c', 0, 100)).toBe(0);
      expect(await there.count('c', 1, 100)).toBe(1);
    });

    test('members expire singly, each at the latest time it was given', async ({
      engine,
      here,
      there,
    }) => {
      const now = engine.now();
      await here.add('s', 'short', now + 2);
      await here.add('s', 'long', now + 100);
      await here.add('s', 'lengthened', now + 2);
      await there.add('s', 'lengthened', now + 100);
      await here.add('s', 'not shortened', now + 100);
      await there.add('s', 'not shortened', now + 2);
      await here.add('s', 'too late', now - 1);
      await here.add('soon-empty', 'a', now + 8);

      expect(await there.list('soon-empty')).toEqual(['a']);
      await engine.pass(9);

      expect((await there.list('s')).toSorted()).toEqual(['lengthened', 'long', 'not shortened']);
      expect(await there.list('soon-empty')).toEqual([]);
      await there.add('soon-empty', 'b', engine.now() + 60);
      expect(await here.list('soon-empty')).toEqual(['b']);
    });
  });
}

async function useHandle(engine: StateEngine, use: (state: State) => Promise<void>): Promise<void> {
  const state = await engine.open();
  await use(state);
  await state.close();
}
