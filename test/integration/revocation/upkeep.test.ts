import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordsUnavailable, type Records } from '../../../src/storage/records.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { details, issue, openEmbeddedSite, type Node, type Site } from './fixture.ts';

let clock: FakeClock;
let site: Site;

beforeEach(async () => {
  clock = createFakeClock();
  site = await openEmbeddedSite(clock);
});
afterEach(() => site.close());

const YEAR = 365 * 86_400;
const settings = { longestToken: '1h', longestRecord: '1h', tolerance: '60s' };

async function logOf(node: Node): Promise<{ first: number; last: number }> {
  const epoch = node.revocation.stamp().replace(/\.\d+$/, '');
  return node.state.readLog(`test:revocation:log:${epoch}`, 0, 9);
}

/** Every sleeper of the room wakes, and sleeps again before the next step: later it would sleep through that. */
async function pass(seconds: number): Promise<void> {
  const sleeping = clock.sleeping();
  clock.advance(seconds);
  await expect.poll(() => clock.sleeping()).toBeGreaterThanOrEqual(sleeping);
}

async function passMinutes(minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 1) await pass(60);
}

/** Looks again after each minute. */
function minuteByMinute<Seen>(look: () => Seen | Promise<Seen>): () => Promise<Seen> {
  return async () => {
    await pass(60);
    return await look();
  };
}

describe('what can match no living token any more', () => {
  test('is forgotten by the memory and by the log, and numbers go on', async () => {
    const node = await site.node({ settings });
    const expiresAt = clock.now() + 300;
    await node.revocation.revoke({ kind: 'token', jti: 'a', expiresAt }, details);
    await node.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    expect(node.revocation.metrics()).toMatchObject({ live: 2, number: 2 });

    const live = (): number => node.revocation.metrics().live;
    await expect.poll(minuteByMinute(live)).toBe(1);
    await expect.poll(minuteByMinute(() => logOf(node))).toMatchObject({ first: 2, last: 2 });
    await expect.poll(minuteByMinute(live)).toBe(0);
    await expect.poll(minuteByMinute(() => logOf(node))).toMatchObject({ first: 3, last: 2 });
    const { number } = await node.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    expect(number).toBe(3);
  });

  test('is not forgotten a second too early', async () => {
    const node = await site.node({ settings });
    const token = issue(node, { grantId: 'g' });
    await node.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    await passMinutes(61);
    await pass(0.2);
    expect(await node.revocation.isRevoked(token)).toBe(true);
  });

  test('does not make a node that slept through a trim think that entries were lost', async () => {
    const [one, two] = [await site.node({ settings }), await site.node({ settings })];
    await one.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    for (let n = 0; n < 4; n += 1) await pass(3000);
    await expect.poll(() => logOf(one)).toMatchObject({ first: 2, last: 1 });
    expect(await two.revocation.isRevoked(issue(one))).toBe(false);
    const late = await site.node({ settings });
    expect(await late.revocation.isRevoked(issue(one))).toBe(false);
  });
});

describe('records that do not answer', () => {
  test('do not keep a revocation from being carried out', async () => {
    let isDown = false;
    const node = await site.node({
      wrapRecords: (records: Records): Records => ({
        ...records,
        write: (...statements) =>
          isDown ? Promise.reject(new RecordsUnavailable('down')) : records.write(...statements),
      }),
    });
    const token = issue(node, { grantId: 'g' });
    isDown = true;
    const receipt = await node.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    expect(receipt).toEqual({ number: 1, durableAt: clock.now() });
    expect(await node.revocation.isRevoked(token)).toBe(true);
    isDown = false;
  });
});

describe('a clock that jumps', () => {
  test.each([
    ['half an hour', 1800],
    ['a year', YEAR],
  ])('ahead by %s makes no node forget what it took back meanwhile', async (_name, jump) => {
    let aheadSeconds = 0;
    const nowMs = (): number => clock.nowMs() + aheadSeconds * 1000;
    const wrongClock = { ...clock, nowMs, now: () => Math.floor(nowMs() / 1000) };
    const right = await site.node({ settings });
    const wrong = await site.node({ settings, clock: wrongClock });
    await passMinutes(2);
    const token = issue(right);
    aheadSeconds = jump;
    const expiresAt = clock.now() + 900;
    await wrong.revocation.revoke({ kind: 'token', jti: token.jti, expiresAt }, details);
    await passMinutes(2);
    aheadSeconds = 0;
    const late = await site.node({ settings });
    for (const { revocation } of [right, wrong, late])
      expect(await revocation.isRevoked(token)).toBe(true);
  });

  test.each([
    ['an hour', 3600],
    ['a year', YEAR],
  ])('back by %s has those who verify told for as long as ever', async (_name, jump) => {
    let behindSeconds = 0;
    const nowMs = (): number => clock.nowMs() - behindSeconds * 1000;
    const wrongClock = { ...clock, nowMs, now: () => Math.floor(nowMs() / 1000) };
    const right = await site.node({ settings });
    const wrong = await site.node({ settings, clock: wrongClock });
    behindSeconds = jump;
    await wrong.revocation.revoke({ kind: 'grant', grantId: 'g' }, details);
    await expect.poll(() => right.revocation.feed.position()?.number).toBe(1);
    const [entry] = right.revocation.feed.entriesAfter(0, 1) ?? [];
    const [handle] = right.revocation.feed.handles();
    for (const known of [entry, handle]) {
      expect(known?.tellUntil).toBe(clock.now() + 3660);
      expect(known?.expiresAt).toBe(clock.now() + 3660);
    }
  });

  test('makes a node read again, and no token invalid', async () => {
    const node = await site.node();
    const token = issue(node);
    clock.advance(-3600);
    expect(await node.revocation.isRevoked(token)).toBe(false);
    clock.advance(7200);
    expect(await node.revocation.isRevoked(token)).toBe(false);
  });
});
