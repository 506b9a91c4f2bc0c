import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { broken, endedFamilies, paidTwice, tally, type Line } from './support/ledger.ts';
import { isKnown, revokedAlive, startLoad, twiceAlive } from './support/load.ts';
import { measured } from './support/report.ts';
import { openWorld, type World } from './support/world.ts';

const CREW = {
  people: 2,
  refreshers: 4,
  revokers: 2,
  services: 1,
  introspectors: 1,
  registrars: 1,
};
const KILLS = rounds(4, 30);
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));

/** Until somebody was answered who had asked since now. */
async function untilServed({ ledger }: World): Promise<void> {
  const from = ledger.lines.length;
  for (let looks = 0; looks < 500; looks += 1) {
    if (ledger.lines.slice(from).some(({ status }) => status === 200)) return;
    await delay(20);
  }
}

describe.each(['embedded', 'redis'] as const)('a node that is killed (state: %s)', (state) => {
  let world: World;
  const startsMs: number[] = [];

  /** A load that goes on, and a node that is killed in the middle of it, now and then while it starts. */
  beforeAll(async () => {
    world = await openWorld({
      state,
      settings: {
        // Longer than any start: whoever was not answered finds the window open.
        tokens: { refreshRetryWindow: '60s' },
        registration: { mode: 'open', perAddressPerHour: 1_000_000, overallPerHour: 1_000_000 },
      },
    });
    const load = await startLoad(world, CREW);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // At a moment when the load is under way again, however slow the machine is.
      await untilServed(world);
      await delay(randomInt(0, 500));
      await world.nodes[0]?.kill();
      if (kill % 4 === 0) {
        await world.start(0, { dontWait: true });
        await delay(randomInt(0, 1000));
        await world.nodes[0]?.kill();
      }
      const startedAtMs = performance.now();
      await world.start(0);
      startsMs.push(performance.now() - startedAtMs);
    }
    await delay(500);
    await load.stop();
  });
  afterAll(() => world.close());

  test('starts again each time', () => {
    expect(startsMs).toHaveLength(KILLS);
    const { ledger } = world;
    measured(`kill -9, ${state}`, {
      kills: KILLS,
      statuses: tally(ledger.lines),
      families: ledger.families.length,
      codes: ledger.codes.size,
      revoked: ledger.revoked.length,
      clients: ledger.clients.length,
    });
    expect(ledger.codes.size).toBeGreaterThan(5);
    expect(ledger.revoked.length).toBeGreaterThan(0);
  });

  test('answers nothing but what is right, 503, or not at all', () => {
    // Of two that race for one code one is refused, and so is a page whose form was taken before the kill.
    const isExpected = ({ what, status }: Line): boolean =>
      status === 400 && /authorization_code$|\/(?:authorize|interaction)\//u.test(what);
    expect(
      broken(
        world.ledger.lines.filter((line) => !isExpected(line)),
        [503],
      ),
    ).toEqual([]);
  });

  test('pays no code twice', () => {
    expect(paidTwice(world.ledger)).toEqual([]);
  });

  test('leaves every family with one refresh token that is good', async () => {
    expect(endedFamilies(world.ledger)).toEqual([]);
    expect(await twiceAlive(world.visitor(), world.ledger)).toEqual([]);
  });

  test('holds dead what was revoked with a 200', async () => {
    expect(await revokedAlive(world.visitor(), world.ledger)).toEqual([]);
  });

  test('knows every client whose registration it answered', async () => {
    const visitor = world.visitor();
    expect(world.ledger.clients.length).toBeGreaterThan(0);
    for (const client of world.ledger.clients) expect(await isKnown(visitor, client)).toBe(true);
  });

  test('publishes every key that signed anything', async () => {
    const answer = await fetch(`${world.issuer}/.well-known/jwks.json`);
    const { keys } = (await answer.json()) as { keys: { kid: string }[] };
    const kids = keys.map(({ kid }) => kid);
    expect(world.ledger.kids.size).toBe(2);
    for (const kid of world.ledger.kids) expect(kids).toContain(kid);
  });

  test('keeps its audit whole', async () => {
    const config = join(world.folder, `latchkey-${world.ports[0]}.yaml`);
    const words = [COMMAND, 'audit', 'verify', '--config', config];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    expect(stdout).toContain('The audit is whole.');
  });
});
