import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import type { RedisSettings } from '../../src/storage/config.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { makeCertificate, type TestCertificate } from '../support/certificate.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings } from '../support/redis.ts';
import { startSentinelSet, type SentinelSet } from '../support/sentinel.ts';
import { describeStateContract } from './state.contract.ts';

/** At the Redises and at the Sentinels; nobody else may do what nodes do. */
const USER = 'latchkey';
const PASSWORD = 'of-the-redises-0123456789';
const SENTINEL_PASSWORD = 'of-the-sentinels-0123456789';
const FOR_STATE = '+@all -@admin +config|get';
const FOR_SENTINELS =
  '-@all +sentinel|get-master-addr-by-name +sentinel|sentinels +subscribe +ping +info';

let folder: string;
let tls: TestCertificate;
let set: SentinelSet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-sentinel-keys-'));
  tls = await makeCertificate(folder, 'IP:127.0.0.1');

  await writeFile(join(folder, 'redis'), PASSWORD, { mode: 0o600 });
  await writeFile(join(folder, 'sentinel'), SENTINEL_PASSWORD, { mode: 0o600 });
  const user = `${USER} on >${PASSWORD} ~* &* ${FOR_STATE}`;
  const others = 'default on nopass ~* &* +@all -@scripting -get -set -mget';
  set = await startSentinelSet({
    tls,
    // A machine that is busy for a while is no reason for another master in the middle of a test.
    downAfterMs: 5000,
    args: ['--user', ...user.split(' '), '--user', ...others.split(' ')],
    sentinelLines: [
      `user ${USER} on >${SENTINEL_PASSWORD} &* ${FOR_SENTINELS}`,
      'user default on nopass &* +@all -sentinel|get-master-addr-by-name',
    ],
  });
});

afterAll(async () => {
  await set.close();
  await rm(folder, { recursive: true });
});

function settings(more: Partial<RedisSettings> = {}): RedisSettings {
  const { nodes, name } = set;
  return redisSettings('rediss://nobody.invalid/0', {
    ...PATIENT_REDIS,
    keyPrefix: `${randomId(6)}:`,
    username: USER,
    password: { file: join(folder, 'redis') },
    tlsCa: tls.certificate,
    sentinel: {
      nodes: [...nodes],
      name,
      username: USER,
      password: { file: join(folder, 'sentinel') },
    },
    replicas: 1,
    ...more,
  });
}

describeStateContract('Redis behind Sentinels, with TLS and users of our own,', async () => {
  const { logger } = createRecordingLogger();
  const given = settings();
  return {
    open: () => openRedisState(given, { clock: systemClock, logger }),
    now: systemClock.now,
    pass: (seconds) => delay(seconds * 1000),
    close: async () => undefined,
  };
});

// The last one: afterwards the Redises have changed places.
test('a master that hangs is left as soon as the Sentinels have made another', async () => {
  const { logger, lines } = createRecordingLogger();
  const patient = settings({ commandTimeoutMs: 60_000, replicas: 0 });
  const state = await openRedisState(patient, { clock: systemClock, logger });
  const { pid } = await set.master();
  process.kill(pid, 'SIGSTOP');
  try {
    expect(await state.get('a')).toBeUndefined();
  } finally {
    process.kill(pid, 'SIGCONT');
    await state.close();
  }
  expect(lines.map(({ fields }) => fields['event'])).not.toContain('redis.sentinel_lost');
});
