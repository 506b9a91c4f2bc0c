import { setTimeout as delay } from 'node:timers/promises';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorize } from '../../bench/browser-flow.ts';
import { rounds } from '../support/counts.ts';
import { broken, quantileMs, tally, type Line } from './support/ledger.ts';
import { startLoad } from './support/load.ts';
import { measured } from './support/report.ts';
import type { Visitor } from './support/visitor.ts';
import { APP, openWorld, type World } from './support/world.ts';

/** Ten times as many as two cores hash in a second: all at once, and again. */
const PEOPLE = rounds(200, 400);
const PASSWORD = 'a horse that nobody battered';
const PROXY = '127.0.0.1';
const isSignIn = ({ what }: Line): boolean => what === 'POST /interaction/*';
const wasLetThrough = ({ status }: Line): boolean => status === 303;
const isToken = ({ what }: Line): boolean => /client_credentials|refresh_token/u.test(what);

let world: World;
let stormy: readonly Line[];
let visitors: readonly Visitor[];

function loginOf(index: number): string {
  return `person-${index}@example.com`;
}

/** Programs at work, and then a storm of people who all want to sign in, each from an address of their own. */
beforeAll(async () => {
  const passwordHash = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const people = Array.from({ length: PEOPLE }, (_, index) => ({
    email: loginOf(index),
    passwordHash,
  }));
  world = await openWorld({
    state: 'redis',
    settings: { people, signIn: {}, http: { trustedProxies: [PROXY] } },
  });
  visitors = people.map((_, index) => {
    const address = `10.0.${Math.floor(index / 250)}.${index % 250}`;
    return world.visitor({ isBrowser: true, headers: { 'x-forwarded-for': address } });
  });
  const load = await startLoad(world, { services: 2, readers: 1 }, { pauseMs: 20 });
  await delay(500);
  const calm = world.ledger.lines.length;
  const storm = new AbortController();
  const storming = visitors.map(async (visitor, index) => {
    while (!storm.signal.aborted) await signIn(visitor, index).catch(() => delay(100));
  });
  // However slow the machine is: until sign-ins were shed and others let through.
  await until(() => {
    const seen = world.ledger.lines.slice(calm).filter(isSignIn);
    return seen.filter(({ status }) => status === 503).length > 20 && seen.some(wasLetThrough);
  });
  await delay(rounds(1, 30) * 1000);
  stormy = world.ledger.lines.slice(calm);
  storm.abort();
  await Promise.all(storming);
  await load.stop();
}, 120_000);
afterAll(() => world.close());

async function until(isOver: () => boolean): Promise<void> {
  for (let looks = 0; looks < 600 && !isOver(); looks += 1) await delay(100);
}

async function signIn(visitor: Visitor, index: number): Promise<void> {
  await authorize(visitor, { client: APP, login: loginOf(index), password: PASSWORD });
}

describe('ten times as many sign-ins as the node can hash', () => {
  test('sheds sign-ins, with the time to come again, and brings nobody a fault', () => {
    const shed = stormy.filter((line) => isSignIn(line) && line.status === 503);
    measured('overload by sign-ins', {
      signIns: tally(stormy.filter(isSignIn)),
      tokens: tally(stormy.filter(isToken)),
      tokenP50: quantileMs(stormy.filter(isToken), 0.5),
      tokenP99: quantileMs(stormy.filter(isToken), 0.99),
    });
    expect(shed.length).toBeGreaterThan(20);
    expect(new Set(shed.map(({ retryAfter }) => Number(retryAfter) > 0))).toEqual(new Set([true]));
    expect(broken(stormy, [503])).toEqual([]);
  });

  test('lets some through meanwhile', () => {
    expect(stormy.filter(isSignIn).filter(wasLetThrough).length).toBeGreaterThan(0);
  });

  test('refuses no program its token, and answers each in bounded time', () => {
    const tokens = stormy.filter(isToken);
    expect(tokens.length).toBeGreaterThan(20);
    expect(new Set(tokens.map(({ status }) => status))).toEqual(new Set([200]));
    expect(quantileMs(tokens, 0.99)).toBeLessThan(5000);
  });

  test('locks nobody out: afterwards everybody signs in at once', async () => {
    for (const [index, visitor] of visitors.entries())
      if (index % 10 === 0) await signIn(visitor, index);
  });
});
