import { expect, test } from 'vitest';
import { createRation } from '../../../src/interactions/password-strength.ts';

function ration(): { readonly take: () => number; readonly wait: (ms: number) => void } {
  let nowMs = 1000;
  const isLeft = createRation({ nowMs: () => nowMs });
  return {
    take() {
      let taken = 0;
      while (taken < 1000 && isLeft()) taken += 1;
      return taken;
    },
    wait: (ms) => void (nowMs += ms),
  };
}

test('strangers get twenty measurements of us at once, and then four a second', () => {
  const { take, wait } = ration();
  expect(take()).toBe(20);
  wait(240);
  expect(take()).toBe(0);
  wait(1010);
  expect(take()).toBe(5);
  wait(3_600_000);
  expect(take()).toBe(20);
});

test('a clock that was put back takes nothing away', () => {
  const { take, wait } = ration();
  expect(take()).toBe(20);
  wait(-5000);
  expect(take()).toBe(0);
  wait(500);
  expect(take()).toBe(2);
});
