import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createTurnstile } from '../../../src/http/turnstile.ts';

describe('a turnstile', () => {
  test('keeps nobody waiting who comes alone', async () => {
    const turnstile = createTurnstile(2);
    expect(turnstile.enter()).toBeUndefined();
    await nextRound();
    await nextRound();
    expect(turnstile.enter()).toBeUndefined();
  });

  test('lets in one every few rounds, in the order in which they came', async () => {
    const turnstile = createTurnstile(2);
    const inside: number[] = [];
    for (const visitor of [0, 1, 2, 3]) {
      const waiting = turnstile.enter();
      if (waiting === undefined) inside.push(visitor);
      else void waiting.then(() => inside.push(visitor));
    }
    expect(inside).toEqual([0]);
    const seen: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await nextRound();
      seen.push(inside.length);
    }
    expect(inside).toEqual([0, 1, 2, 3]);
    // Never two of them between one round and the next.
    expect(seen.every((count, round) => count - (seen[round - 1] ?? 1) <= 1)).toBe(true);
    expect(turnstile.enter()).toBeUndefined();
  });
});
