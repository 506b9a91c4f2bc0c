import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { rounds } from '../support/counts.ts';
import { type Latchkey, startLatchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../support/redis.ts';
import { createExamination, type Findings } from './support/examination.ts';
import { fastKeys } from './support/fast-keys.ts';
import { createLedger, tally } from './support/ledger.ts';
import { layRings } from './support/ring-history.ts';
import { startTokenLoad, TOKEN_LOAD_SEEDS } from './support/token-load.ts';
import {
  openLibraries,
  openTokenVerifiers,
  type TokenVerifier,
} from './support/token-verifiers.ts';
import { createVisitor, type Visitor } from './support/visitor.ts';

const CYCLES = rounds(1, 20);
const CYCLE_SECONDS = 30;
const PAUSE_MS = rounds(80, 30);
const SKEW_SECONDS = 30;
const LIVES = {
  signForSeconds: 4,
  maxAgeSeconds: 5,
  toleranceSeconds: SKEW_SECONDS,
  tokenSeconds: 6,
};
const KEYS = fastKeys(LIVES);
const HOUR_SECONDS = 3600;

const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

let folder: string;
let redis: TestRedis;
let ports: readonly number[];
let issuer: string;
let findings: Findings;
/** What libraries say of the latest token that have kept the key set since the beginning. */
let carelessVerdicts: readonly (string | undefined)[];
const nodes: Latchkey[] = [];
const visitors: Visitor[] = [];
const verifiers: TokenVerifier[] = [];
const ledger = createLedger();
/** By how much the clock of the last node was seen to be off. */
const skews: number[] = [];

beforeAll(async () => {
  if (FAKETIME === undefined) throw new Error('faketime is missing: apt-get install -y faketime');
  folder = await mkdtemp(join(tmpdir(), 'latchkey-rotation-'));
  redis = await startRedis();
  ports = await Promise.all([freePort(), freePort(), freePort()]);
  issuer = `http://127.0.0.1:${ports[0]}`;
  await setSkew(0);
  await layHistory();
  for (const node of ports.keys()) nodes.push(await startNode(node));
  await runUnderLoad();
});

afterAll(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  for (const { process: node } of nodes) node.kill('SIGCONT');
  await Promise.all(nodes.map((node) => node.kill()));
  await Promise.all(verifiers.map((verifier) => verifier.close()));
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function layHistory(): Promise<void> {
  const { logger } = createRecordingLogger();
  const state = await openRedisState(redisSettings(redis.url, PATIENT_REDIS), {
    clock: systemClock,
    logger,
  });
  await layRings(state, folder, KEYS.signingKeys);
  await state.close();
}

function startNode(node: number): Promise<Latchkey> {
  return startLatchkey({
    folder,
    port: ports[node] ?? 0,
    issuer,
    settings: {
      ...TOKEN_LOAD_SEEDS,
      ...KEYS.others,
      signingKeys: KEYS.signingKeys,
      storage: { state: { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } } },
    },
    environment: node === ports.length - 1 ? skewed() : {},
  });
}

/** The whole process sees another time of day, which can be changed while it runs. */
function skewed(): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: FAKETIME ?? '',
    FAKETIME_TIMESTAMP_FILE: join(folder, 'skew'),
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

async function setSkew(seconds: number): Promise<void> {
  await writeFile(join(folder, 'skew'), `${seconds < 0 ? '' : '+'}${seconds}`);
}

async function runUnderLoad(): Promise<void> {
  const looking = { issuer, ports, leewaySeconds: 2 * SKEW_SECONDS };
  const careful = await openTokenVerifiers({ ...looking, maxAgeSeconds: LIVES.maxAgeSeconds });
  const careless = await openLibraries({ ...looking, maxAgeSeconds: HOUR_SECONDS });
  verifiers.push(...careful, ...careless);
  const examination = createExamination(careful, { lifeSeconds: LIVES.tokenSeconds });
  let latest = '';
  const takers = ports.map((_, node) => (token: string): void => {
    // Of the node that is the first to sign with each key, as its clock is ahead at the end.
    if (node === 2) latest = token;
    examination.take(token);
  });
  const refusalsOfLatest = (): Promise<readonly (string | undefined)[]> =>
    Promise.all(careless.map((verifier) => verifier.refusalOf(latest)));

  const loads = takers.map((take, node) =>
    startTokenLoad(() => visitorAt(node), take, { pauseMs: PAUSE_MS }),
  );
  await vi.waitUntil(() => latest !== '', { timeout: 60_000 });
  expect(await refusalsOfLatest()).toEqual(careless.map(() => undefined));
  for (let cycle = 0; cycle < CYCLES; cycle += 1) await makeTrouble(cycle);
  carelessVerdicts = await refusalsOfLatest();
  await Promise.all(loads.map((load) => load.stop()));
  findings = await examination.finish();
}

function visitorAt(node: number): Visitor {
  const visitor = createVisitor({ issuer, ports, ledger, node: () => node, isBrowser: false });
  visitors.push(visitor);
  return visitor;
}

/**
 * Half a minute in which everything happens that may; keys turn every few seconds all the while. Between behind and
 * ahead the clock is right for longer than tokens live: no token lives to see more than one clock be wrong once.
 */
async function makeTrouble(cycle: number): Promise<void> {
  await setSkew(-SKEW_SECONDS);
  await delay(3000);
  await noteSkew();
  await pause(1, 2 * LIVES.signForSeconds - 1);
  await delay(1000);
  await setSkew(0);
  await redis.kill();
  await delay(3000);
  await redis.restart();
  await delay(6000);
  await setSkew(aheadIn(cycle));
  await delay(2500);
  await noteSkew();
  await pause(2, LIVES.signForSeconds + 1);
  await delay(2000);
}

/** A node that is ahead makes keys too early and dates them too late: one signs for half a minute more. */
function aheadIn(cycle: number): number {
  return cycle % 3 === 0 ? SKEW_SECONDS : 0;
}

async function pause(node: number, seconds: number): Promise<void> {
  nodes[node]?.process.kill('SIGSTOP');
  await delay(seconds * 1000);
  nodes[node]?.process.kill('SIGCONT');
}

/** By the `Date` that it sends. */
async function noteSkew(): Promise<void> {
  const answer = await request(`http://127.0.0.1:${ports.at(-1)}/livez`);
  await answer.body.dump();
  const seconds = (Date.parse(String(answer.headers['date'])) - Date.now()) / 1000;
  skews.push(SKEW_SECONDS * Math.sign(Math.round(seconds / SKEW_SECONDS)) + 0);
}

describe('three nodes whose keys rotate every few seconds, while Redis dies, a node is paused and a clock is wrong', () => {
  test('sign no token that somebody who caches the key set does not know', () => {
    const { tokens, checks, failures, examples, keys } = findings;
    process.stdout.write(
      `3 nodes, ${CYCLES * CYCLE_SECONDS} s: ${tokens} tokens by ${JSON.stringify(keys)} keys, ${checks} checks, ${failures} failures; answers ${JSON.stringify(tally(ledger.lines))}\n`,
    );
    expect({ failures, examples }).toEqual({ failures: 0, examples: [] });
    expect(checks).toBe(2 * tokens * (ports.length + 3));
    expect(tokens).toBeGreaterThan(CYCLES * 200);
  });

  test('have signed by a new key every few seconds', () => {
    const rotations = (CYCLES * CYCLE_SECONDS) / LIVES.signForSeconds;
    for (const algorithm of ['ES256', 'RS256'])
      expect(findings.keys[algorithm]).toBeGreaterThan(rotations / 2);
  });

  test('would have been caught: who keeps the key set too long does not know the last key', () => {
    expect(carelessVerdicts).toHaveLength(3);
    for (const verdict of carelessVerdicts) expect(verdict).toMatch(/key|JWK/iu);
  });

  test('have had a node whose clock was half a minute behind, and half a minute ahead', () => {
    const meant = Array.from({ length: CYCLES }, (_, cycle) => [-SKEW_SECONDS, aheadIn(cycle)]);
    expect(skews).toEqual(meant.flat());
  });

  test('answer with what was asked for, or that they cannot now', () => {
    const statuses = new Set(ledger.lines.map(({ status }) => status));
    expect([...statuses].filter((status) => ![200, 303, 503].includes(status))).toEqual([]);
  });
});
