import { describe, expect, test } from 'vitest';
import { createFence, type Neighbours } from '../../../src/storage/redis/fence.ts';
import { createReigns, stampOf, type Reign } from '../../../src/storage/redis/reigns.ts';
import { readServerFacts, type ServerFacts } from '../../../src/storage/redis/server-facts.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const NOBODY = '0'.repeat(40);

function factsOf(runId: string, replid2 = NOBODY, uptime = 0): ServerFacts {
  const info = [`run_id:${runId}`, `master_replid2:${replid2}`, `uptime_in_seconds:${uptime}`];
  return readServerFacts(info.join('\r\n'), '');
}

function reignOf(runId: string, replid2?: string): Reign {
  return createReigns(createFakeClock())(factsOf(runId, replid2));
}

const FIRST = reignOf('aaaa');
const HEIR = reignOf('bbbb', 'history-of-a');

function versionOf(reign: Reign): string {
  return createFence(() => reign).stamp('attempt.1');
}

function admits(reign: Reign | undefined, version: string, neighbours?: Neighbours): boolean {
  return createFence(() => reign, neighbours).admits(version);
}

describe('what happens once', () => {
  test.each<[string, Reign | undefined, Reign, boolean]>([
    ['is good in the reign that it was made in', FIRST, FIRST, true],
    ['is not on the replica that was promoted', HEIR, FIRST, false],
    ['is not on the same Redis started again', reignOf('aaaa2'), FIRST, false],
    ['is not where the first is promoted in its turn', reignOf('aaaa', 'of-b'), FIRST, false],
    ['is once Redis has long forgotten whose heir it is', reignOf('bbbb'), HEIR, true],
    ['is not where nobody knows yet who answers', undefined, FIRST, false],
  ])('%s', (_, at, madeIn, expected) => {
    expect(admits(at, versionOf(madeIn))).toBe(expected);
  });

  test('is told apart from all else, which every reign admits', () => {
    expect(versionOf(FIRST)).toBe(`attempt.1@${stampOf(FIRST)}`);
    expect(admits(HEIR, 'attempt.1')).toBe(true);
  });
});

describe('in a Cluster', () => {
  const neighbours = (isNamed: boolean, reigns: readonly Reign[]): Neighbours => ({
    isNamed: () => isNamed,
    reigns: () => reigns,
  });

  test.each<[string, Reign, Neighbours, boolean]>([
    ['is good where its slot has moved', reignOf('cccc'), neighbours(true, [FIRST]), true],
    ['is good on a new master, too', reignOf('cccc'), neighbours(false, [FIRST]), true],
    [
      'is good on an heir that the map names beside its master',
      HEIR,
      neighbours(true, [FIRST]),
      true,
    ],
    ['is not on an heir that the map does not name yet', HEIR, neighbours(false, [FIRST]), false],
    ['is not once the map names its master no more', HEIR, neighbours(true, [HEIR]), false],
  ])('it %s', (_, at, others, expected) => {
    expect(admits(at, versionOf(FIRST), others)).toBe(expected);
  });
});

describe('a mark that may have been lost', () => {
  test.each([
    ['with a start of Redis, by its own time', factsOf('aaaa', NOBODY, 100), 100],
    ['with a promotion, by the time it was seen', factsOf('bbbb', 'history-of-a', 100), 0],
  ])('%s', (_, facts, secondsAgo) => {
    const clock = createFakeClock();
    const reign = createReigns(clock)(facts);
    const fence = createFence(() => reign);
    const began = clock.now() - secondsAgo;
    expect(fence.isAfterLoss(began + 0.9)).toBe(false);
    expect(fence.isAfterLoss(began + 1)).toBe(true);
  });

  test('stays where it was when the clock is set', () => {
    const clock = createFakeClock();
    const reign = createReigns(clock)(factsOf('aaaa'));
    const began = clock.now();
    clock.advance(3600);
    expect(reign.since()).toBe(began + 3600);
  });

  test('is of the reign that is known already, as long as Redis tells of no other', () => {
    const reigns = createReigns(createFakeClock());
    const first = reigns(factsOf('aaaa', 'of-b'));
    expect(reigns(factsOf('aaaa', 'of-b', 9))).toBe(first);
    expect(reigns(factsOf('aaaa', 'of-c'))).not.toBe(first);
  });
});
