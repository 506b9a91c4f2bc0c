import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { signingKeysConfig } from '../../src/signing-keys/config.ts';
import { openSealer } from '../../src/signing-keys/master-key.ts';
import { createRingStore } from '../../src/signing-keys/ring-store.ts';
import type { Ring } from '../../src/signing-keys/ring.ts';
import { openEmbedded, type Embedded } from '../../src/storage/embedded/open-embedded.ts';
import { rounds } from '../support/counts.ts';
import { type Latchkey, startLatchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { createExamination, type Findings } from './support/examination.ts';
import { fastKeys } from './support/fast-keys.ts';
import { createLedger, tally } from './support/ledger.ts';
import { layRings } from './support/ring-history.ts';
import { startTokenLoad, TOKEN_LOAD_SEEDS } from './support/token-load.ts';
import { openTokenVerifiers, type TokenVerifier } from './support/token-verifiers.ts';
import { createVisitor, type Visitor } from './support/visitor.ts';

/** Every other one is ended by SIGTERM, the others by SIGKILL. */
const LIVES_LIVED = rounds(2, 80);
const LIFE_MS_MIN = 1000;
const LIFE_MS_STEP = 317;
const LIVES = { signForSeconds: 3, maxAgeSeconds: 3, toleranceSeconds: 5, tokenSeconds: 5 };
const KEYS = fastKeys(LIVES);

let folder: string;
let port: number;
let node: Latchkey;
let verifiers: readonly TokenVerifier[] = [];
let findings: Findings;
let rings: readonly Ring[];
const exitCodes: (number | null)[] = [];
const visitors: Visitor[] = [];
const ledger = createLedger();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-rotation-'));
  port = await freePort();
  await withState((state) => layRings(state, folder, KEYS.signingKeys));
  await runUnderLoad();
  rings = await withState(readRings);
});

afterAll(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  await node?.kill();
  await Promise.all(verifiers.map((verifier) => verifier.close()));
  await rm(folder, { recursive: true, force: true });
});

async function withState<Result>(
  use: (state: Embedded['state']) => Promise<Result>,
): Promise<Result> {
  const { logger } = createRecordingLogger();
  const file = join(folder, 'latchkey.sqlite');
  const embedded = await openEmbedded({ file, clock: systemClock, logger });
  try {
    return await use(embedded.state);
  } finally {
    await embedded.close();
  }
}

async function readRings(state: Embedded['state']): Promise<readonly Ring[]> {
  const settings = signingKeysConfig.parse({ folder: join(folder, 'keys') });
  const sealer = await openSealer(settings);
  const stored = await createRingStore({ state, namespace: 'main', sealer }).readAll();
  return stored.flatMap((found) => (found.kind === 'ring' ? [found.ring] : []));
}

function startNode(): Promise<Latchkey> {
  const settings = { ...TOKEN_LOAD_SEEDS, ...KEYS.others, signingKeys: KEYS.signingKeys };
  return startLatchkey({ folder, port, settings });
}

async function runUnderLoad(): Promise<void> {
  node = await startNode();
  const { issuer } = node;
  verifiers = await openTokenVerifiers({
    issuer,
    ports: [port],
    maxAgeSeconds: LIVES.maxAgeSeconds,
    // While the node is down, verifiers wait for the key set, and tokens grow old.
    leewaySeconds: 60,
  });
  const examination = createExamination(verifiers, { lifeSeconds: LIVES.tokenSeconds });
  const visit = (): Visitor => {
    const visitor = createVisitor({
      issuer,
      ports: [port],
      ledger,
      node: () => 0,
      isBrowser: false,
    });
    visitors.push(visitor);
    return visitor;
  };
  const load = startTokenLoad(visit, examination.take, { pauseMs: 10 });
  for (let life = 0; life < LIVES_LIVED; life += 1) {
    // Each a little longer than the last, so that every step of a rotation is hit.
    await delay(LIFE_MS_MIN + ((life * LIFE_MS_STEP) % (LIVES.signForSeconds * 1000)));
    if (life % 2 === 0) exitCodes.push(await node.stop());
    else await node.kill();
    node = await startNode();
  }
  await load.stop();
  findings = await examination.finish();
  await node.stop();
}

describe('a node on one file whose keys rotate every few seconds, while it is ended and killed', () => {
  test('signs no token that somebody who caches the key set does not know', () => {
    const { tokens, checks, failures, examples, keys } = findings;
    process.stdout.write(
      `1 node, ended ${LIVES_LIVED} times: ${tokens} tokens by ${JSON.stringify(keys)} keys, ${checks} checks, ${failures} failures; answers ${JSON.stringify(tally(ledger.lines))}\n`,
    );
    expect({ failures, examples }).toEqual({ failures: 0, examples: [] });
    expect(tokens).toBeGreaterThan(LIVES_LIVED * 5);
  });

  test('leaves in order when it is told to', () => {
    expect(exitCodes).toEqual(exitCodes.map(() => 0));
  });

  test('makes one key for each slot, and loses none', () => {
    for (const { slots, keys, retired, past } of rings) {
      const known = [...keys, ...retired].map(({ kid }) => kid);
      expect(new Set([...known, ...past])).toHaveLength(slots);
      expect(new Set(keys.map(({ slot }) => slot))).toHaveLength(keys.length);
    }
    expect(rings).toHaveLength(2);
  });
});
