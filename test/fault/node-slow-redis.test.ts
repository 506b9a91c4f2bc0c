import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { freePort } from '../support/ports.ts';
import { broken, endedFamilies, paidTwice, quantileMs, type Line } from './support/ledger.ts';
import { revokedAlive, startLoad, twiceAlive } from './support/load.ts';
import { measured } from './support/report.ts';
import { openWorld, type World } from './support/world.ts';

const CREW = { people: 4, refreshers: 8, revokers: 2, services: 8, introspectors: 4, readers: 1 };
const LATENCY_MS = 500;
const PAGES = /\/(?:authorize|interaction)/u;

let world: World;
let slow: readonly Line[];
/** How many requests the node worked on at once, looked at again and again. */
const underWay: number[] = [];

/** A node under load whose Redis answers everything half a second late, and then at once again. */
beforeAll(async () => {
  const port = await freePort();
  const settings = { http: { metrics: { enabled: true, port } } };
  world = await openWorld({ state: 'redis', settings });
  // Slowly, so that the wire, which lives in this process, adds no delay of its own.
  const load = await startLoad(world, CREW, { pauseMs: 25 });
  await delay(500);
  world.wire.delay(LATENCY_MS);
  const slowFrom = world.ledger.lines.length;
  for (let seconds = 0; seconds < rounds(8, 60); seconds += 1) {
    await delay(1000);
    underWay.push(await requestsUnderWay(port));
  }
  slow = world.ledger.lines.slice(slowFrom);
  await world.wire.heal();
  await delay(1000);
  await load.stop();
  underWay.push(await requestsUnderWay(port));
});
afterAll(() => world.close());

async function requestsUnderWay(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return Number(/^latchkey_http_requests_under_way (\d+)$/mu.exec(await answer.text())?.[1]);
}

describe('a Redis that is half a second late', () => {
  test('is waited for: nobody is refused', () => {
    // Of two that race for one code, one is refused.
    const isLoser = ({ what, status }: Line): boolean =>
      what.endsWith('authorization_code') && status === 400;
    const meant = slow.filter((line) => !isLoser(line));
    expect(broken(meant, [])).toEqual([]);
    expect(meant.length).toBeGreaterThan(100);
  });

  test('keeps what programs ask for under 3 s, and what needs no Redis as fast as ever', () => {
    const programs = slow.filter(({ what }) => !PAGES.test(what));
    const documents = slow.filter(({ what }) => what.includes('.well-known'));
    const pages = slow.filter(({ what }) => PAGES.test(what));
    measured('Redis half a second late', {
      programsP99: quantileMs(programs, 0.99),
      pagesP99: quantileMs(pages, 0.99),
      documentsP99: quantileMs(documents, 0.99),
    });
    expect(quantileMs(programs, 0.99)).toBeLessThan(3000);
    expect(quantileMs(documents, 0.99)).toBeLessThan(LATENCY_MS);
    // A page of a sign-in asks Redis four times at most, one after the other.
    expect(quantileMs(pages, 0.99)).toBeLessThan(3000);
  });

  test('piles nothing up: requests under way stay as many as ask, and are gone afterwards', () => {
    const asking = Object.values(CREW).reduce((sum, count) => sum + count, CREW.people);
    expect(Math.max(...underWay)).toBeLessThanOrEqual(asking);
    expect(underWay.at(-1)).toBe(0);
  });

  test('has no code paid twice, no family ended, no revoked token alive', async () => {
    const { ledger } = world;
    const visitor = world.visitor();
    expect(paidTwice(ledger)).toEqual([]);
    expect(endedFamilies(ledger)).toEqual([]);
    expect(await revokedAlive(visitor, ledger)).toEqual([]);
    expect(await twiceAlive(visitor, ledger)).toEqual([]);
  });
});
