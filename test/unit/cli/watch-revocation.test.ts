import { describe, expect, test } from 'vitest';
import { createStandings, createStandingsView } from '../../../src/cli/watch-revocation.ts';
import { hasFollowed, type NodeProgress } from '../../../src/revocation/progress.ts';

const PLACE = { number: 10, generation: 1 };

function nodeAt(number: number, followerAt: number): NodeProgress {
  const epoch = '1-abc';
  return {
    id: 'a',
    node: 'node-a',
    epoch,
    generation: 1,
    number,
    lists: undefined,
    toldAtMs: 0,
    followerCount: 1,
    followers: [{ name: 'orders', client: 'api', kind: 'stream', epoch, number: followerAt }],
  };
}

describe('whoever stands', () => {
  test.each([
    ['before the entry has not followed', { epoch: '2-abc', number: 9 }, false],
    ['at it has', { epoch: '2-abc', number: 10 }, true],
    ['in a later epoch, which refuses all that is older, has', { epoch: '3-abc', number: 0 }, true],
    ['in an earlier epoch has not', { epoch: '1-abc', number: 99 }, false],
  ])('%s', (_, at, followed) => {
    expect(hasFollowed(at, { number: 10, generation: 2 })).toBe(followed);
  });
});

test('the time of each is when it was seen first to have followed', () => {
  const standings = createStandings(PLACE);
  const times = (
    now: readonly { readonly followedAfterMs: number | undefined }[],
  ): readonly (number | undefined)[] => now.map(({ followedAfterMs }) => followedAfterMs);
  expect(times(standings.update([nodeAt(9, 9)], 1))).toEqual([undefined, undefined]);
  expect(times(standings.update([nodeAt(10, 9)], 20.4))).toEqual([20, undefined]);
  expect(times(standings.update([nodeAt(11, 10)], 30))).toEqual([20, 30]);
});

test('status lists are waited for where there are some', () => {
  const standings = createStandings(PLACE);
  const [, lists] = standings.update([{ ...nodeAt(10, 10), lists: 9 }], 1);
  expect(lists).toMatchObject({ kind: 'lists', number: 9, followedAfterMs: undefined });
  const [, then] = standings.update([{ ...nodeAt(10, 10), lists: 10 }], 700);
  expect(then).toHaveProperty('followedAfterMs', 700);
});

test('a follower of a relay is waited for once, by what the node knows that heard of it last', () => {
  const relayed = (id: string, number: number): NodeProgress => ({
    ...nodeAt(10, 10),
    id,
    followers: [
      { name: 'shop', client: 'api', kind: 'stream', via: 'relay-1', epoch: '1-abc', number },
    ],
  });
  const standings = createStandings(PLACE);
  const followers = (progress: readonly NodeProgress[], ms: number) =>
    standings.update(progress, ms).filter(({ kind }) => kind === 'stream');
  expect(followers([relayed('a', 9), relayed('b', 8)], 1)).toMatchObject([
    { name: 'shop', via: 'relay-1', number: 9, followedAfterMs: undefined },
  ]);
  expect(followers([relayed('a', 9), relayed('b', 10)], 20)).toMatchObject([
    { name: 'shop', via: 'relay-1', number: 10, followedAfterMs: 20 },
  ]);
  expect(followers([relayed('a', 10), relayed('b', 10)], 30)).toHaveLength(1);
});

test('a follower that has gone is not waited for', () => {
  const standings = createStandings(PLACE);
  expect(standings.update([nodeAt(9, 9)], 1)).toHaveLength(2);
  expect(standings.update([], 2)).toEqual([]);
});

describe('the table', () => {
  const END = /WHO.+orders +api +stream +10 +sent after 20 ms$/s;

  function drawn(isTerminal: boolean): readonly string[] {
    const printed: string[] = [];
    const standings = createStandings(PLACE);
    const show = createStandingsView((text) => void printed.push(text), isTerminal);
    show(standings.update([nodeAt(9, 9)], 1));
    show(standings.update([nodeAt(10, 10)], 20));
    return printed;
  }

  test('is drawn over itself on a terminal', () => {
    const [first, second = ''] = drawn(true);
    expect(first).toMatch(/^WHO.+orders +api +stream +9 +\.\.\.$/s);
    // Up three lines, and all below cleared.
    expect(second.startsWith('\u001B[3A\u001B[0JWHO')).toBe(true);
    expect(second).toMatch(END);
  });

  test('is printed once where it goes to a file', () => {
    expect(drawn(false)).toEqual([expect.stringMatching(END)]);
  });

  test('says so when no node serves', () => {
    const printed: string[] = [];
    createStandingsView((text) => void printed.push(text), false)([]);
    expect(printed).toEqual(['No node is serving.']);
  });
});
