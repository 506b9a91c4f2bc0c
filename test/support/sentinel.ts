import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { startProcess, untilReady, type ServerProcess } from './server-process.ts';

const NAME = 'latchkey';
const SENTINELS = 3;

/** A master with a replica, and three Sentinels that make the one the other. */
export interface SentinelSet {
  readonly name: string;
  /** `host:port` of each Sentinel. */
  readonly nodes: readonly string[];
  readonly redises: readonly [TestRedis, TestRedis];
  /** Which of the two is the master, as they say themselves. */
  master(): Promise<TestRedis>;
  /** Ends the master and waits until the other is. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

/** Starts all of them; `args` are settings of both Redises. */
export async function startSentinelSet(args: readonly string[] = []): Promise<SentinelSet> {
  const one = await startRedis({ port: 0, args });
  const other = await startRedis({
    port: 0,
    args: [...args, '--replicaof', '127.0.0.1', String(one.port)],
  });
  const folder = await mkdtemp(join(tmpdir(), 'lk-sentinel-'));
  const ports = await Promise.all(Array.from({ length: SENTINELS }, freePort));
  const sentinels = await Promise.all(ports.map((port) => startSentinel(folder, port, one.port)));
  const isMaster = async (redis: TestRedis): Promise<boolean> =>
    (await redis.execute('role').catch(() => '')).startsWith('master');

  async function settled(): Promise<void> {
    // A Sentinel that knows neither replica nor colleagues yet can do nothing.
    for (;;) {
      const linked = await other.execute('info', 'replication');
      const told = await ask(ports[0] ?? 0, `SENTINEL ckquorum ${NAME}`);
      const known = await ask(ports[0] ?? 0, `SENTINEL replicas ${NAME}`);
      if (
        linked.includes('master_link_status:up') &&
        told.startsWith('+OK') &&
        known.includes(String(other.port))
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
    master,
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

async function startSentinel(folder: string, port: number, master: number): Promise<ServerProcess> {
  const file = join(folder, `${port}.conf`);
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} 500`,
      `sentinel failover-timeout ${NAME} 3000`,
      '',
    ].join('\n'),
  );
  const started = await startProcess('redis-server', [file, '--sentinel'], {
    hint: 'redis-server is missing: apt-get install -y redis-server',
  });
  await untilReady(started, async () => (await ask(port, 'PING')).startsWith('+PONG'));
  return started;
}

/** The first piece of an answer; empty when nobody is there. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('data', (reply) => {
      resolve(reply.toString('latin1'));
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
  });
}
