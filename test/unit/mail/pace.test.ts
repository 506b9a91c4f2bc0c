import { expect, test } from 'vitest';
import { createPace } from '../../../src/mail/pace.ts';

test('a second holds so many letters and no more, however they come', () => {
  const pace = createPace(10);
  expect(pace.room(0)).toBe(10);
  pace.begun(10, 0);
  expect(pace.room(0)).toBe(0);
  expect(pace.waitSeconds(0)).toBe(0.1);
  expect(pace.room(100)).toBe(1);
  expect(pace.waitSeconds(100)).toBe(0);
  pace.begun(1, 100);
  expect(pace.room(100)).toBe(0);
  expect(pace.room(5000)).toBe(10);
});
