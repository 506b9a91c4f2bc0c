import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
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

const CREW = { people: 2, refreshers: 4, revokers: 1, services: 4, introspectors: 2, readers: 2 };
const DRAIN_DELAY_SECONDS = 1;
const DRAIN_LIMIT_SECONDS = 5;

let world: World;
let closeBalancer: () => Promise<void>;
const stops: { readonly code: number | null; readonly seconds: number }[] = [];

/** Every node of two leaves and comes back, one after the other, under load: a rolling update. */
beforeAll(async () => {
  world = await openWorld({
    state: 'redis',
    redisLimits: PATIENT_REDIS,
    nodes: 2,
    settings: {
      http: { drainDelay: `${DRAIN_DELAY_SECONDS}s`, drainLimit: `${DRAIN_LIMIT_SECONDS}s` },
    },
  });
  const balancer = startBalancer(world.ports);
  closeBalancer = balancer.close;
  const load = await startLoad(world, CREW, { node: balancer.node });
  for (let round = 0; round < rounds(1, 10); round += 1) {
    for (const index of world.ports.keys()) {
      await delay(300);
      const startedAtMs = performance.now();
      const code = await world.nodes[index]?.stop();
      stops.push({ code: code ?? null, seconds: (performance.now() - startedAtMs) / 1000 });
      await world.start(index);
      await delay(3 * PROBE_EVERY_MS);
    }
  }
  await load.stop();
});
afterAll(async () => {
  await closeBalancer();
  await world.close();
});

describe('nodes that are told to stop under load, one after the other', () => {
  test('fail no request', () => {
    const { lines } = world.ledger;
    // Of two that race for one code, one is refused.
    const isLoser = ({ what, status }: Line): boolean =>
      what.endsWith('authorization_code') && status === 400;
    const meant = lines.filter((line) => !isLoser(line));
    measured('rolling restart', { statuses: tally(meant), p99: quantileMs(meant, 0.99) });
    expect(meant.filter(({ status }) => status === 0)).toEqual([]);
    expect(broken(meant, [])).toEqual([]);
    for (const node of world.ports.keys())
      expect(meant.filter((line) => line.node === node).length).toBeGreaterThan(50);
  });

  test('end with exit code 0 and within what the settings say', () => {
    for (const { code, seconds } of stops) {
      expect(code).toBe(0);
      expect(seconds).toBeGreaterThanOrEqual(DRAIN_DELAY_SECONDS);
      expect(seconds).toBeLessThan(DRAIN_DELAY_SECONDS + DRAIN_LIMIT_SECONDS + 1);
    }
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
