import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { tlsArgs, type TestCertificate } from './certificate.ts';
import { freePort } from './ports.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { startProcess, untilReady, type ServerProcess } from './server-process.ts';

const NAME = 'latchkey';
const SENTINELS = 3;
const DOWN_AFTER_MS = 500;

/** A master with a replica, and three Sentinels that make the one the other. */
export interface SentinelSet {
  readonly name: string;
  /** `host:port` of each Sentinel. */
  readonly nodes: readonly string[];
  readonly redises: readonly [TestRedis, TestRedis];
  /** Ends the last of the Sentinels at once; gives what starts it again. */
  killSentinel(): Promise<() => Promise<void>>;
  /** Which of the two is the master, as they say themselves. */
  master(): Promise<TestRedis>;
  /** Waits until the other follows the master, and the Sentinels know it. */
  settled(): Promise<void>;
  /** Ends the master and waits until the other is. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

export interface SentinelSetOptions {
  /** More settings of both Redises, as on the command line. */
  readonly args?: readonly string[];
  /** For how long a master may not answer before another is made; half a second when left out. */
  readonly downAfterMs?: number;
  /** More settings of the Sentinels, a line each. */
  readonly sentinelLines?: readonly string[];
  /** Whose it is speaks TLS alone. */
  readonly tls?: TestCertificate;
}

/** Starts all of them. */
export async function startSentinelSet(options: SentinelSetOptions = {}): Promise<SentinelSet> {
  const { args = [], tls } = options;
  const [onePort, otherPort] = [await freePort(), await freePort()];
  const argsAt = (port: number): readonly string[] => [...args, ...(tls ? tlsArgs(tls, port) : [])];
  const one = await startRedis({ port: onePort, args: argsAt(onePort) });
  const other = await startRedis({
    port: otherPort,
    args: [...argsAt(otherPort), '--replicaof', '127.0.0.1', String(onePort)],
  });
  const folder = await mkdtemp(join(tmpdir(), 'lk-sentinel-'));
  const ports = await Promise.all(Array.from({ length: SENTINELS }, freePort));
  const sentinels = await Promise.all(
    ports.map((port) => startSentinel({ ...options, folder, port, master: onePort })),
  );
  const ask = (port: number, ...command: readonly string[]): Promise<string> =>
    askSentinel(port, tls, command);
  const isMaster = async (redis: TestRedis): Promise<boolean> =>
    (await redis.execute('role').catch(() => '')).startsWith('master');

  async function settled(): Promise<void> {
    // A Sentinel that knows neither replica nor colleagues yet can do nothing.
    for (;;) {
      const replica = (await master()) === one ? other : one;
      const linked = await replica.execute('info', 'replication');
      const told = await ask(ports[0] ?? 0, 'SENTINEL', 'ckquorum', NAME);
      const known = await ask(ports[0] ?? 0, 'SENTINEL', 'replicas', NAME);
      if (
        linked.includes('master_link_status:up') &&
        told.startsWith('OK') &&
        known.includes(String(replica.port)) &&
        !/s_down|o_down|disconnected/u.test(known)
      )
        return;
      await delay(50);
    }
  }

  async function master(): Promise<TestRedis> {
    return (await isMaster(other)) ? other : one;
  }

  await settled();
  return {
    name: NAME,
    nodes: ports.map((port) => `127.0.0.1:${port}`),
    redises: [one, other],
    async killSentinel() {
      const port = ports.at(-1) ?? 0;
      await sentinels.pop()?.end('SIGKILL');
      return async () => {
        sentinels.push(await startSentinel({ ...options, folder, port, master: onePort }));
      };
    },
    master,
    settled,
    async failOver() {
      const old = await master();
      const next = old === one ? other : one;
      await old.kill();
      while (!(await isMaster(next))) await delay(50);
    },
    async close() {
      await Promise.all(sentinels.map((sentinel) => sentinel.end('SIGKILL')));
      await Promise.all([one.stop(), other.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface SentinelOptions extends SentinelSetOptions {
  readonly folder: string;
  readonly port: number;
  /** The port of the first master. */
  readonly master: number;
}

async function startSentinel(options: SentinelOptions): Promise<ServerProcess> {
  const { folder, port, master, tls, sentinelLines = [], downAfterMs = DOWN_AFTER_MS } = options;
  const file = join(folder, `${port}.conf`);
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} 3000`,
      ...sentinelLines,
      '',
    ].join('\n'),
  );
  const args = [file, '--sentinel', ...(tls ? tlsArgs(tls, port) : [])];
  const started = await startProcess('redis-server', args, {
    hint: 'redis-server is missing: apt-get install -y redis-server',
  });
  await untilReady(started, async () => (await askSentinel(port, tls, ['PING'])) === 'PONG');
  return started;
}

/** What a Sentinel answers; empty when nobody is there. */
async function askSentinel(
  port: number,
  tls: TestCertificate | undefined,
  command: readonly string[],
): Promise<string> {
  const way = tls ? ['--tls', '--cacert', tls.certificate] : [];
  const asked = promisify(execFile)('redis-cli', ['-p', String(port), ...way, ...command]);
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  return stdout.trim();
}
