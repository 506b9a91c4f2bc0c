import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { broken, endedFamilies, paidTwice, quantileMs, type Line } from './support/ledger.ts';
import { revokedAlive, startLoad, twiceAlive } from './support/load.ts';
import { measured } from './support/report.ts';
import { openWorld, type World } from './support/world.ts';

const CREW = { people: 2, refreshers: 4, revokers: 2, services: 2, introspectors: 2, readers: 1 };
const OUTAGE_SECONDS = rounds(5, 30);
const DOCUMENTS = /\/\.well-known\//u;
/** Of a machine that has other tests to run: one answer in a hundred may be late by this. */
const SLACK_MS = 1000;

let world: World;
/** Between these two instants Redis was not there. */
let downAtMs: number;
let upAtMs: number;
let readiness: readonly number[];

const linesOf = (isMeant: (line: Line) => boolean): readonly Line[] =>
  world.ledger.lines.filter(isMeant);
const isDuring = ({ atMs, tookMs }: Line): boolean => atMs > downAtMs && atMs + tookMs < upAtMs;

/** Two nodes under a load of everything, and a Redis that is killed, is away, and comes back. */
beforeAll(async () => {
  world = await openWorld({ state: 'redis', nodes: 2 });
  let turn = 0;
  const load = await startLoad(world, CREW, { node: () => (turn += 1) % 2 });
  await delay(1000);
  downAtMs = performance.now();
  await world.redis.kill();
  await delay(OUTAGE_SECONDS * 1000);
  readiness = await Promise.all(
    world.ports.flatMap((port) =>
      ['livez', 'readyz'].map(async (probe) => {
        const answer = await fetch(`http://127.0.0.1:${port}/${probe}`);
        return answer.status;
      }),
    ),
  );
  await world.redis.restart();
  upAtMs = performance.now();
  await delay(3000);
  await load.stop();
});
afterAll(() => world.close());

describe('a Redis that is killed under load', () => {
  test('brings nobody a 500 or a connection that breaks: 503 at most', () => {
    // Of two that race for one code, one is refused.
    const isLoser = ({ what, status }: Line): boolean =>
      what.endsWith('authorization_code') && status === 400;
    expect(
      broken(
        linesOf((line) => !isLoser(line)),
        [503],
      ),
    ).toEqual([]);
    expect(linesOf(({ status }) => status === 0)).toEqual([]);
  });

  test('is answered for within a second, with the time to come again', () => {
    const refused = linesOf((line) => isDuring(line) && line.status === 503);
    expect(refused.length).toBeGreaterThan(100);
    expect(new Set(refused.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['2']));
    measured('Redis away', {
      seconds: OUTAGE_SECONDS,
      refused: refused.length,
      p99: quantileMs(refused, 0.99),
      max: quantileMs(refused, 1),
    });
    expect(quantileMs(refused, 0.99)).toBeLessThan(1000);
    expect(quantileMs(refused, 1)).toBeLessThan(1000 + SLACK_MS);
  });

  test('lets nothing be issued meanwhile', () => {
    // What was under way when it died may still be answered.
    const isLate = ({ atMs }: Line): boolean => atMs > downAtMs + 1000;
    const served = linesOf((line) => isDuring(line) && isLate(line) && !DOCUMENTS.test(line.what));
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([503]));
  });

  test('takes neither the key set nor discovery with it', () => {
    const documents = linesOf(({ what }) => DOCUMENTS.test(what));
    expect(documents.filter(isDuring).length).toBeGreaterThan(50);
    expect(new Set(documents.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('leaves the nodes alive and not ready', () => {
    expect(readiness).toEqual([200, 503, 200, 503]);
    expect(world.nodes.map(({ process: node }) => node.exitCode)).toEqual([null, null]);
  });

  test('is back in use within 2 s of its first answer', () => {
    const refused = linesOf(({ atMs, status }) => atMs > upAtMs && status === 503);
    const backMs = Math.max(0, ...refused.map(({ atMs }) => atMs - upAtMs));
    measured('Redis back', { backMs });
    expect(backMs).toBeLessThan(2000);
    for (const what of ['client_credentials', 'refresh_token', 'authorization_code']) {
      const served = linesOf(
        (line) => line.atMs > upAtMs && line.what.endsWith(what) && line.status === 200,
      );
      expect(served.length).toBeGreaterThan(0);
    }
  });

  test('has no code paid twice, no family ended, no revoked token alive', async () => {
    const { ledger } = world;
    const visitor = world.visitor({ node: () => 1 });
    expect(ledger.codes.size).toBeGreaterThan(3);
    expect(ledger.revoked.length).toBeGreaterThan(3);
    expect(paidTwice(ledger)).toEqual([]);
    expect(endedFamilies(ledger)).toEqual([]);
    expect(await revokedAlive(visitor, ledger)).toEqual([]);
    expect(await twiceAlive(visitor, ledger)).toEqual([]);
  });
});
