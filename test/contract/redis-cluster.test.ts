import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomId } from '../../src/runtime/random.ts';
import { openRedisState } from '../../src/storage/redis/open-redis-state.ts';
import { CLIENT_AUTH, createTestAuthority, SERVER_AUTH } from '../support/certificates.ts';
import type { TestCertificate } from '../support/certificate.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { startCluster, type TestCluster } from '../support/redis-cluster.ts';
import { PATIENT_REDIS, redisSettings } from '../support/redis.ts';
import { describeStateContract } from './state.contract.ts';

const USER = 'latchkey';
const PASSWORD = 'of-the-cluster-0123456789';
/** No more than what `src/storage/redis/README.md` asks for. */
const COMMANDS =
  'get set mget getrange eval evalsha incrby pttl pexpire del exists zadd zrem zrangebyscore ' +
  'zremrangebyscore xadd xrange xtrim xinfo publish subscribe unsubscribe info ping cluster|info cluster|slots ' +
  'asking';

let folder: string;
let cluster: TestCluster;
let tls: Required<TestCertificate>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-cluster-keys-'));
  await writeFile(join(folder, 'password'), PASSWORD, { mode: 0o600 });
  tls = await certify(folder);
  const rights = COMMANDS.split(' ').map((command) => `+${command}`);
  cluster = await startCluster({
    tls,
    args: ['--user', USER, 'on', `>${PASSWORD}`, '~*', '&*', ...rights],
  });
});

afterAll(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

/** One for all nodes, which are servers to us and clients to each other. */
async function certify(into: string): Promise<Required<TestCertificate>> {
  const authority = createTestAuthority('Redis');
  const names = [['ip', Buffer.from([127, 0, 0, 1])]] as const;
  const { cert, key } = authority.issue({ uses: [SERVER_AUTH, CLIENT_AUTH], names });
  const files = {
    authority: join(into, 'authority.pem'),
    certificate: join(into, 'certificate.pem'),
    key: join(into, 'key.pem'),
  };
  await writeFile(files.authority, authority.cert);
  await writeFile(files.certificate, cert);
  await writeFile(files.key, key);
  return files;
}

describeStateContract('a Redis Cluster, with TLS and a user of our own,', async () => {
  const { logger } = createRecordingLogger();
  const settings = redisSettings('rediss://nobody.invalid', {
    ...PATIENT_REDIS,
    keyPrefix: `${randomId(6)}:`,
    tlsCa: tls.authority,
    username: USER,
    password: { file: join(folder, 'password') },
    cluster: { nodes: [...cluster.nodes] },
  });
  return {
    open: () => openRedisState(settings, { clock: systemClock, logger }),
    now: systemClock.now,
    pass: (seconds) => delay(seconds * 1000),
    close: async () => undefined,
  };
});
