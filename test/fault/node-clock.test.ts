import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PATIENT_REDIS } from '../support/redis.ts';
import { broken, type Family, type Line } from './support/ledger.ts';
import {
  isActive,
  refresh,
  revoke,
  revokedAlive,
  revokeToken,
  signUp,
  startLoad,
} from './support/load.ts';
import { openWorld, type World } from './support/world.ts';

const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const CLOCK = new URL('./support/jumping-clock.program.ts', import.meta.url).href;
const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;
const ACCESS_TOKEN_SECONDS = 900;
const REFRESH_TOKEN_SECONDS = 7 * 24 * HOUR;
const CREW = { people: 1, refreshers: 2, revokers: 1, services: 1, readers: 1 };
const LONGEST_TTL = `
  local longest = 0
  for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
    longest = math.max(longest, redis.call('PTTL', key))
  end
  return longest`;
const BOB = { login: 'bob@example.com', password: 'latchkey-dev' };

let world: World;
let environment: Readonly<Record<string, string>>;
let kidsBefore: readonly string[];

/** Two nodes on one Redis; the clock of the second can be moved. */
beforeAll(async () => {
  world = await openWorld({ state: 'redis', nodes: 2, started: 1, redisLimits: PATIENT_REDIS });
  environment = {
    NODE_OPTIONS: `--import=${CLOCK}`,
    JUMPING_CLOCK_FILE: join(world.folder, 'clock-offset'),
  };
  await world.start(1, { environment });
  kidsBefore = await kids(0);
});
afterAll(() => world.close());

async function moveClock(seconds: number): Promise<void> {
  await writeFile(environment['JUMPING_CLOCK_FILE'] ?? '', String(seconds));
  await delay(100);
}

async function kids(node: number): Promise<readonly string[]> {
  const answer = await world.visitor({ node: () => node }).request('/.well-known/jwks.json');
  const { keys } = JSON.parse(answer.body) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** Ends all that Bob has, by a command as an operator would. */
async function setPassword(): Promise<void> {
  const config = join(world.folder, `latchkey-${world.ports[0]}.yaml`);
  const words = ['person', 'set-password', BOB.login, '--config', config];
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end('a horse that nobody battered\n');
  const [code] = await once(child, 'exit');
  expect(code, said).toBe(0);
}

describe.each([
  ['an hour back', -HOUR],
  ['an hour ahead', HOUR],
  ['a year ahead', YEAR],
])('a node whose clock jumps %s, beside one that is right', (_name, seconds) => {
  let lines: readonly Line[];
  let family: Family;
  let jumped: Family;

  beforeAll(async () => {
    const visitors = [0, 1].map((node) => world.visitor({ node: () => node }));
    const [right, wrong] = visitors;
    if (!right || !wrong) throw new TypeError('there are two nodes');
    family = await signUp(world.ledger, right);
    const from = world.ledger.lines.length;
    const loads = await Promise.all(
      [0, 1].map((node) => startLoad(world, CREW, { node: () => node, pauseMs: 20 })),
    );
    await moveClock(seconds);
    jumped = await signUp(world.ledger, wrong);
    await delay(1000);
    await moveClock(0);
    await delay(300);
    for (const load of loads) await load.stop();
    lines = world.ledger.lines.slice(from);
  });

  test('goes on, and brings nobody a fault', () => {
    // 422: whoever stood between password and consent as the clock jumped is asked for the password again.
    expect(broken(lines, [400, 401, 422])).toEqual([]);
    expect(world.nodes.map(({ process: node }) => node.exitCode)).toEqual([null, null]);
    const output = world.nodes[1]?.output() ?? '';
    expect(output).not.toContain('"level":"error"');
  });

  test('makes no key before it is time, and loses none', async () => {
    expect(await kids(0)).toEqual(kidsBefore);
    expect(await kids(1)).toEqual(kidsBefore);
  });

  test('gives out no token that is good for longer than it should be', async () => {
    const now = Date.now() / 1000;
    for (const token of world.ledger.families.flatMap(({ accessTokens }) => accessTokens)) {
      const { iat = 0, nbf = 0, exp = 0 } = decodeJwt(token);
      expect(exp - iat).toBe(ACCESS_TOKEN_SECONDS);
      // What ends late begins late: nobody accepts it before.
      expect(nbf).toBe(iat);
    }
    const longest = await world.redis.execute('EVAL', LONGEST_TTL, '0', '*RefreshToken*');
    expect(Number(longest) / 1000).toBeLessThanOrEqual(REFRESH_TOKEN_SECONDS);
    const late = decodeJwt(jumped.accessTokens[0] ?? '');
    if ((late.nbf ?? 0) > now)
      expect(await isActive(world.visitor(), jumped.accessTokens[0] ?? '')).toBe(false);
  });

  test('ends nobody’s family: once the clock is right, it goes on', async () => {
    const visitor = world.visitor({ node: () => 1 });
    expect((await refresh(world.ledger, visitor, family)).status).toBe(200);
  });

  test('brings back nothing that was revoked', async () => {
    expect(await revokedAlive(world.visitor({ node: () => 1 }), world.ledger)).toEqual([]);
  });
});

test('a node whose clock is a year ahead still takes back what it believes to be over', async () => {
  const [right, wrong] = [0, 1].map((node) => world.visitor({ node: () => node }));
  if (!right || !wrong) throw new TypeError('there are two nodes');
  const wholeFamily = await signUp(world.ledger, right);
  const onlyToken = (await signUp(world.ledger, right, BOB)).accessTokens;
  await moveClock(YEAR);
  await revoke(world.ledger, wrong, wholeFamily);
  await revokeToken(world.ledger, wrong, onlyToken[0] ?? '');
  // It looks through its memory five times a second for what it may forget.
  await delay(1000);
  await moveClock(0);
  // What one node has answered is refused by the others from then on.
  for (const visitor of [right, wrong])
    expect(await revokedAlive(visitor, world.ledger)).toEqual([]);
  const { exp = 0 } = decodeJwt(onlyToken[0] ?? '');
  const rememberedMs = Number(
    await world.redis.execute('EVAL', LONGEST_TTL, '0', '*RevokedToken*'),
  );
  expect(Date.now() + rememberedMs).toBeGreaterThanOrEqual(exp * 1000);
});

test('a node that even starts with its clock a year ahead makes nobody forget what was revoked', async () => {
  const visitor = world.visitor();
  const bobs = await signUp(world.ledger, visitor, BOB);
  await setPassword();
  world.ledger.revoked.push(...bobs.refreshTokens, ...bobs.accessTokens);
  const alices = await signUp(world.ledger, visitor);
  await revoke(world.ledger, visitor, alices);
  const isAlive = (): Promise<readonly string[]> => revokedAlive(visitor, world.ledger);
  // The command is a node of its own: the others hear of it.
  await expect.poll(isAlive).toEqual([]);

  await world.nodes[1]?.kill();
  await moveClock(YEAR);
  await world.start(1, { environment });
  await delay(1500);
  await moveClock(0);
  // A node that knows only what the log still holds.
  await world.nodes[0]?.kill();
  await world.start(0);
  expect(await isAlive()).toEqual([]);
  expect(await revokedAlive(world.visitor({ node: () => 1 }), world.ledger)).toEqual([]);
});
