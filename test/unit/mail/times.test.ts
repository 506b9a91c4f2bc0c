import { expect, test } from 'vitest';
import { givenUpAt, nextTryAt } from '../../../src/mail/times.ts';

test('pauses grow from a minute to four hours', () => {
  const pauses = Array.from({ length: 12 }, (_, index) => nextTryAt(index + 1, 0, 'recovery') / 60);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240]);
});

test('a letter is good for as long as its code, and for two days at most', () => {
  const code = { code: '1', url: '', minutes: 10 };
  expect(givenUpAt({ data: code }, 1000)).toBe(1600);
  expect(givenUpAt({ data: { ...code, minutes: 10_000 } }, 0)).toBe(172_800);
  expect(givenUpAt({ data: { url: '', days: 7, inviter: '' } }, 0)).toBe(172_800);
});

test('an invitation is no use after its last moment', () => {
  const data = { url: '', organization: 'Acme', inviter: 'Ann' };
  expect(givenUpAt({ data: { ...data, until: 1060 } }, 1000)).toBe(1060);
  expect(givenUpAt({ data: { ...data, until: 999_999 } }, 1000)).toBe(173_800);
});
