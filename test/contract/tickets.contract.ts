import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTickets } from '../../src/accounts/create-tickets.ts';
import type { Tickets } from '../../src/accounts/tickets.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import type { State } from '../../src/storage/state.ts';
import { rounds } from '../support/counts.ts';

/** An engine of state on which tickets are kept. */
export interface TicketsPlace {
  open(): Promise<State>;
  close(): Promise<void>;
}

/** What tickets promise, on whatever engine. */
export function describeTicketsContract(name: string, make: () => Promise<TicketsPlace>): void {
  describe(`tickets on ${name}`, () => {
    let place: TicketsPlace;
    let state: State;
    let clock: FakeClock;
    let tickets: Tickets;
    const recovery = { kind: 'recovery', about: 'acc-1', payload: { step: 1 } } as const;

    beforeEach(async () => {
      place = await make();
      state = await place.open();
      clock = createFakeClock();
      tickets = createTickets({ state, clock });
    });
    afterEach(async () => {
      await state.close();
      await place.close();
    });

    test('a ticket is looked at as often as one likes, and used once', async () => {
      const { token, expiresAt } = await tickets.issue(recovery);
      expect(expiresAt).toBe(clock.now() + 900);
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(await tickets.peek('recovery', token)).toEqual({ ...recovery, expiresAt });
      expect(await tickets.peek('recovery', token)).toBeDefined();
      expect(await tickets.use('recovery', token)).toEqual({ ...recovery, expiresAt });
      expect(await tickets.use('recovery', token)).toBeUndefined();
      expect(await tickets.peek('recovery', token)).toBeUndefined();
    });

    test('of 64 who use one ticket at once, over two nodes, one gets it', async () => {
      const other = await place.open();
      const nodes = { even: tickets, odd: createTickets({ state: other, clock }) };
      for (let round = 0; round < rounds(2, 25); round += 1) {
        const { token } = await tickets.issue(recovery);
        const uses = Array.from({ length: 64 }, (_, index) =>
          (index % 2 === 0 ? nodes.even : nodes.odd).use('recovery', token),
        );
        const won = (await Promise.all(uses)).filter((ticket) => ticket !== undefined);
        expect(won).toHaveLength(1);
      }
      await other.close();
    });

    test('it dies with the next of its kind about the same, and with no other', async () => {
      const first = await tickets.issue(recovery);
      const others = [
        await tickets.issue({ ...recovery, about: 'acc-2' }),
        await tickets.issue({ ...recovery, kind: 'not-me' }),
      ];
      const second = await tickets.issue(recovery);
      expect(await tickets.peek('recovery', first.token)).toBeUndefined();
      expect(await tickets.use('recovery', first.token)).toBeUndefined();
      expect(await tickets.use('recovery', second.token)).toBeDefined();
      expect(await tickets.use('recovery', others[0]?.token ?? '')).toBeDefined();
      expect(await tickets.use('not-me', others[1]?.token ?? '')).toBeDefined();
    });

    test('one of another kind, a used-up time, a made-up token: all the same', async () => {
      const { token } = await tickets.issue(recovery);
      expect(await tickets.use('invitation', token)).toBeUndefined();
      expect(await tickets.use('recovery', `${token.slice(0, -1)}_`)).toBeUndefined();
      expect(await tickets.use('recovery', '')).toBeUndefined();
      expect(await tickets.use('recovery', 'x'.repeat(10_000))).toBeUndefined();
      clock.advance(900);
      expect(await tickets.use('recovery', token)).toBeUndefined();
    });

    test('one that was withdrawn is good no more', async () => {
      const { token } = await tickets.issue(recovery);
      await tickets.withdraw('recovery', 'acc-1');
      expect(await tickets.use('recovery', token)).toBeUndefined();
      await tickets.withdraw('recovery', 'nobody');
    });

    test('the token is kept nowhere', async () => {
      const kept: string[] = [];
      const watched: State = {
        ...state,
        async put(key, value, options) {
          kept.push(key, JSON.stringify(value));
          expect(options?.durable).toBe(true);
          return await state.put(key, value, options);
        },
      };
      const { token } = await createTickets({ state: watched, clock }).issue(recovery);
      expect(kept.join()).not.toContain(token);
      expect(kept).toHaveLength(4);
    });
  });
}
