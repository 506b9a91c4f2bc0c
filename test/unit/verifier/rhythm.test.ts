import { expect, test } from 'vitest';
import { createRhythm } from '../../../verifier/src/rhythm.ts';

test('the feed is silent after four of its heartbeats, a second where they come four times in one', () => {
  const rhythm = createRhythm(undefined);
  expect(rhythm.silentAfterMs()).toBe(1000);
  rhythm.hear(50);
  expect(rhythm.silentAfterMs()).toBe(200);
});

test('the silence that the owner of the API has chosen stays, however often the feed speaks', () => {
  const rhythm = createRhythm(3000);
  rhythm.hear(50);
  expect(rhythm.silentAfterMs()).toBe(3000);
});

test('a word is overdue at half of that, and the connection is given up while there is time for another', () => {
  const rhythm = createRhythm(undefined);
  expect(rhythm.overdueAfterMs()).toBe(500);
  expect(rhythm.giveUpAfterMs()).toBe(750);
});

test('no word is overdue before the feed was to speak again', () => {
  const rhythm = createRhythm(1000);
  rhythm.hear(600);
  expect(rhythm.overdueAfterMs()).toBe(900);
  rhythm.hear(5000);
  expect(rhythm.overdueAfterMs()).toBe(1000);
});

test('a connection that was tried often is given more time, to a limit', () => {
  const rhythm = createRhythm(undefined);
  expect([0, 1, 2, 3, 10].map(rhythm.firstWordMs)).toEqual([1000, 2000, 4000, 5000, 5000]);
});
