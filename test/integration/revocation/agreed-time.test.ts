import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAgreedTime } from '../../../src/revocation/agreed-time.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { logger } from './fixture.ts';

const YEAR = 365 * 86_400;
const MINUTE = 60;

let folder: string;
let stateClock: FakeClock;
let embedded: Awaited<ReturnType<typeof openEmbedded>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-agreed-'));
  stateClock = createFakeClock();
  embedded = await openEmbedded({ file: join(folder, 'data.sqlite'), clock: stateClock, logger });
});
afterEach(async () => {
  await embedded.close();
  await rm(folder, { recursive: true });
});

/** A node whose clock is `aheadSeconds` from that of the state. */
function node(aheadSeconds = 0): ReturnType<typeof createAgreedTime> {
  const now = (): number => stateClock.now() + aheadSeconds;
  const clock = { ...stateClock, now };
  return createAgreedTime({ state: embedded.state, key: 'time', clock });
}

describe('the time by which nodes forget', () => {
  test('is that which the state bore out a minute ago', async () => {
    const one = node();
    expect(one.now()).toBe(-Infinity);
    await one.check();
    expect(one.now()).toBe(-Infinity);
    stateClock.advance(MINUTE);
    await one.check();
    expect(one.now()).toBe(stateClock.now() - MINUTE);
  });

  test.each([YEAR, 7200, 1800, 2 * MINUTE])(
    'is not that of a clock that is %i s ahead of the others',
    async (ahead) => {
      const [right, wrong] = [node(), node(ahead)];
      await right.check();
      for (let minutes = 0; minutes < 120; minutes += 1) {
        stateClock.advance(MINUTE);
        await wrong.check();
        await right.check();
        expect(wrong.now()).toBeLessThanOrEqual(stateClock.now());
        expect(right.now()).toBe(stateClock.now() - MINUTE);
      }
    },
  );

  test('is set right by the first node whose clock is right', async () => {
    const [right, wrong] = [node(), node(YEAR)];
    await wrong.check();
    await right.check();
    stateClock.advance(MINUTE);
    await wrong.check();
    expect(wrong.now()).toBeLessThanOrEqual(stateClock.now());
  });

  test('is that of the only clock there is, an hour after the others have fallen silent', async () => {
    const [right, alone] = [node(), node(YEAR)];
    await right.check();
    for (let minutes = 0; minutes < 60; minutes += 1) {
      stateClock.advance(MINUTE);
      await alone.check();
      expect(alone.now()).toBeLessThanOrEqual(stateClock.now());
    }
    stateClock.advance(MINUTE);
    await alone.check();
    expect(alone.now()).toBe(stateClock.now() + YEAR - MINUTE);
  });

  test('never runs ahead of a clock that is behind', async () => {
    const [right, late] = [node(), node(-7200)];
    await right.check();
    await late.check();
    stateClock.advance(MINUTE);
    await late.check();
    expect(late.now()).toBeLessThanOrEqual(stateClock.now() - 7200);
    await right.check();
    expect(right.now()).toBeLessThanOrEqual(stateClock.now());
  });
});
