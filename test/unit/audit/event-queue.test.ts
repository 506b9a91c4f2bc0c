import { describe, expect, test } from 'vitest';
import { createEventQueue, type Waiting } from '../../../src/audit/event-queue.ts';

const event = { type: 'sign_out', origin: { address: '192.0.2.1' } } as const;
const note = (at: number): Waiting => ({ event, at });

describe('the queue of the audit', () => {
  test('gives events in the order they happened', () => {
    const queue = createEventQueue(10);
    queue.push(note(1));
    queue.push({ event, at: 2, settle: () => undefined });
    queue.push(note(3));
    expect(queue.take(2).map(({ at }) => at)).toEqual([1, 2]);
    expect(queue.take(2).map(({ at }) => at)).toEqual([3]);
  });

  test('has room for so many events that nobody waits for, and for all that someone waits for', () => {
    const queue = createEventQueue(2);
    expect([1, 2, 3].map((at) => queue.push(note(at)))).toEqual([true, true, false]);
    expect(queue.push({ event, at: 4, settle: () => undefined })).toBe(true);
    expect(queue.lost()).toBe(1);
  });

  test('has room again once events were taken', () => {
    const queue = createEventQueue(1);
    queue.push(note(1));
    queue.take(1);
    expect(queue.push(note(2))).toBe(true);
  });

  test('puts the number of lost events on the record, once', () => {
    const queue = createEventQueue(0);
    queue.push(note(1));
    queue.push(note(2));
    queue.reportLost(3);
    queue.reportLost(4);
    expect(queue.take(9)).toMatchObject([{ at: 3, event: { type: 'audit.lost', events: 2 } }]);
  });

  test('after a failure tells everyone who waits and keeps the rest in order', () => {
    const queue = createEventQueue(10);
    const told: unknown[] = [];
    const waiting = (at: number): Waiting => ({
      event,
      at,
      settle: () => undefined,
      refuse: (error) => told.push(error),
    });
    queue.push(note(1));
    queue.push(waiting(2));
    const batch = queue.take(2);
    queue.push(note(3));
    queue.push(waiting(4));
    queue.refuse(batch, 'down');
    expect(told).toEqual(['down', 'down']);
    expect(queue.take(9).map(({ at }) => at)).toEqual([1, 3]);
  });
});
