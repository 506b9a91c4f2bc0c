import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { layOutRelease, type EarlierRelease } from '../support/earlier-release.ts';
import { PATIENT_REDIS } from '../support/redis.ts';
import { PROBE_EVERY_MS, startBalancer } from './support/balancer.ts';
import {
  broken,
  endedFamilies,
  paidTwice,
  quantileMs,
  tally,
  type Line,
} from './support/ledger.ts';
import { revokedAlive, startLoad, twiceAlive } from './support/load.ts';
import { measured } from './support/report.ts';
import { openWorld, type World } from './support/world.ts';

/** The oldest commit that nodes of today stand beside; from the first release on its tag. */
const OLDEST = '3b17a3a351b4d1338e9329ff8235e22571d48914';
const CREW = { people: 1, refreshers: 2, revokers: 1, services: 2, introspectors: 1, readers: 1 };
/** How many times a node is replaced: after three, both have been today's, and one is an earlier one again. */
const STEPS = rounds(3, 12);
const SIDE_BY_SIDE_MS = 400;

let earlier: EarlierRelease;
let world: World;
let closeBalancer: () => Promise<void>;

/** Two nodes of an earlier release are replaced by today's, one after the other, and back again, under load. */
beforeAll(async () => {
  earlier = await layOutRelease([OLDEST, 'HEAD~1', 'HEAD']);
  world = await openWorld({
    state: 'redis',
    redisLimits: PATIENT_REDIS,
    nodes: 2,
    root: earlier.root,
    settings: { http: { drainDelay: '1s', drainLimit: '5s' } },
  });
  const balancer = startBalancer(world.ports);
  closeBalancer = balancer.close;
  const load = await startLoad(world, CREW, { node: balancer.node });
  const replace = async (index: number, how: { readonly root?: string }): Promise<void> => {
    await world.nodes[index]?.stop();
    await world.start(index, how);
    await delay(3 * PROBE_EVERY_MS + SIDE_BY_SIDE_MS);
  };
  await delay(SIDE_BY_SIDE_MS);
  for (let step = 0; step < STEPS; step += 1) {
    // Both to today's, then both back.
    const isUpgrade = step % 4 < 2;
    await replace(step % 2, isUpgrade ? {} : { root: earlier.root });
  }
  await load.stop();
});
afterAll(async () => {
  await closeBalancer?.();
  await world?.close();
  await earlier?.remove();
});

describe('nodes of an earlier release and of today side by side, on the way there and back', () => {
  test('fail no request', () => {
    const { lines } = world.ledger;
    // Of two that race for one code, one is refused.
    const isLoser = ({ what, status }: Line): boolean =>
      what.endsWith('authorization_code') && status === 400;
    const meant = lines.filter((line) => !isLoser(line));
    const { commit } = earlier;
    measured('rolling upgrade', { commit, statuses: tally(meant), p99: quantileMs(meant, 0.99) });
    expect(meant.filter(({ status }) => status === 0)).toEqual([]);
    expect(broken(meant, [])).toEqual([]);
    for (const node of world.ports.keys())
      expect(meant.filter((line) => line.node === node).length).toBeGreaterThan(50);
  });

  test('have no code paid twice, no family ended, no revoked token alive', async () => {
    const { ledger } = world;
    const visitor = world.visitor();
    expect(paidTwice(ledger)).toEqual([]);
    expect(endedFamilies(ledger)).toEqual([]);
    expect(await revokedAlive(visitor, ledger)).toEqual([]);
    expect(await twiceAlive(visitor, ledger)).toEqual([]);
  });
});
