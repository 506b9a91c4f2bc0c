import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFlows } from '../../src/flows/create-flows.ts';
import type { Flows } from '../../src/flows/flows.ts';
import type { State } from '../../src/storage/state.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** A store with two connections to it. */
export interface FlowsPlace {
  readonly states: readonly [State, State];
  close(): Promise<void>;
}

const PROOF = { method: 'password', accountId: 'alice', at: 1 } as const;

/** What flows promise on every engine. */
export function describeFlowsContract(name: string, open: () => Promise<FlowsPlace>): void {
  describe(`flows on ${name}`, () => {
    let place: FlowsPlace;
    let nodes: readonly [Flows, Flows];
    const clock = createFakeClock();

    beforeAll(async () => {
      place = await open();
      const [one, other] = place.states;
      nodes = [
        createFlows({ state: one, clock, namespace: 'flows-contract' }),
        createFlows({ state: other, clock, namespace: 'flows-contract' }),
      ];
    });
    afterAll(() => place.close());

    test('a flow is known to every node from its first change on', async () => {
      const [here, there] = nodes;
      const begun = here.begin({ purpose: 'sign-in', id: 'known', ttlSeconds: 60 });
      expect(await there.find('sign-in', 'known')).toBeUndefined();
      await here.change(begun, { proofs: [PROOF], data: { challenge: 'c' } });
      expect(await there.find('sign-in', 'known')).toMatchObject({
        proofs: [PROOF],
        data: { challenge: 'c' },
      });
    });

    test('a flow of one purpose is none of another', async () => {
      const [here] = nodes;
      await here.change(here.begin({ purpose: 'recover', id: 'purpose', ttlSeconds: 60 }), {});
      expect(await here.find('account', 'purpose')).toBeUndefined();
      expect(await here.find('recover', 'purpose')).toBeDefined();
    });

    test('of two changes at once one is made', async () => {
      const [here, there] = nodes;
      const begun = here.begin({ purpose: 'sign-in', id: 'raced', ttlSeconds: 60 });
      const first = await Promise.all([here.change(begun, {}), there.change(begun, {})]);
      expect(first.filter(Boolean)).toHaveLength(1);
      const [flow] = first.filter((one) => one !== undefined);
      if (flow === undefined) throw new TypeError('one was made');
      const second = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          (index % 2 === 0 ? here : there).change(flow, { data: { index } }),
        ),
      );
      expect(second.filter(Boolean)).toHaveLength(1);
    });

    test('a flow ends once, however many try, and nothing brings it back', async () => {
      const [here, there] = nodes;
      const flow = await here.change(
        here.begin({ purpose: 'register', id: 'ended', ttlSeconds: 60 }),
        { proofs: [PROOF] },
      );
      if (flow === undefined) throw new TypeError('it was begun');
      const ends = await Promise.all(
        Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? here : there).end(flow)),
      );
      expect(ends.filter(Boolean)).toHaveLength(1);
      expect(await there.find('register', 'ended')).toBeUndefined();
      expect(await there.change(flow, {})).toBeUndefined();
      const anew = there.begin({ purpose: 'register', id: 'ended', ttlSeconds: 60 });
      expect(await there.change(anew, {})).toBeUndefined();
    });

    test('a flow that has expired is none', async () => {
      const [here] = nodes;
      const flow = await here.change(
        here.begin({ purpose: 'sign-in', id: 'late', ttlSeconds: 60 }),
        {},
      );
      if (flow === undefined) throw new TypeError('it was begun');
      clock.advance(61);
      expect(await here.find('sign-in', 'late')).toBeUndefined();
      expect(await here.change(flow, { proofs: [PROOF] })).toBeUndefined();
      expect(await here.end(flow)).toBe(false);
    });
  });
}
