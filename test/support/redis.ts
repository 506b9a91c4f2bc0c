import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { storageConfig, type RedisSettings } from '../../src/storage/config.ts';
import { freePort } from './ports.ts';
import { startProcess, untilReady, type ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const HINT = 'redis-server is missing: apt-get install -y redis-server';

/** A real Redis of its own, with its data in a folder that is thrown away. */
export interface TestRedis {
  readonly socketPath: string;
  /** Of the socket, or of the port when one was asked for. */
  readonly url: string;
  /** 0 when it listens on its socket alone. */
  readonly port: number;
  readonly dir: string;
  readonly pid: number;
  /** Runs one command as `redis-cli` would, and gives what it prints. */
  execute(...command: readonly string[]): Promise<string>;
  /** Ends it at once (SIGKILL); the data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same data, ending it first (SIGTERM) if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface TestRedisOptions {
  /** More settings, as on the command line: `['--maxmemory', '4mb']`. */
  readonly args?: readonly string[] | undefined;
  /** A loopback port to listen on beside the socket; 0: any that is free. Left out: none. */
  readonly port?: number | undefined;
}

/** Starts Redis as the product wants it: append-only file on, nothing ever evicted. */
export async function startRedis({ args = [], port }: TestRedisOptions = {}): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'lk-redis-'));
  const socketPath = join(dir, 'redis.sock');
  const tcpPort = port === 0 ? await freePort() : (port ?? 0);
  const settings = Object.entries({
    dir,
    port: String(tcpPort),
    bind: '127.0.0.1',
    unixsocket: socketPath,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    'enable-debug-command': 'local',
  }).flatMap(([name, value]) => [`--${name}`, value]);
  const start = async (): Promise<ServerProcess> => {
    const started = await startProcess('redis-server', [...settings, ...args], { hint: HINT });
    await untilReady(started, () => answersPing(socketPath));
    return started;
  };
  const removeData = (): Promise<void> => rm(dir, { recursive: true, force: true });
  let server = await start().catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  return {
    socketPath,
    url: tcpPort === 0 ? `unix://${socketPath}` : `redis://127.0.0.1:${tcpPort}/0`,
    port: tcpPort,
    dir,
    get pid() {
      return server.pid;
    },
    async execute(...command) {
      const { stdout } = await run('redis-cli', ['-s', socketPath, ...command]);
      return stdout.trim();
    },
    kill: () => server.end('SIGKILL'),
    async restart() {
      await server.end('SIGTERM');
      server = await start();
    },
    async stop() {
      await server.end('SIGKILL');
      await removeData();
    },
  };
}

/** For tests that are not about an outage: a machine that is busy is none. */
export const PATIENT_REDIS = { connectTimeoutMs: 10_000, commandTimeoutMs: 10_000 } as const;

/** The settings of a node that keeps its state in the Redis at `url`; the rest by default. */
export function redisSettings(url: string, more: Partial<RedisSettings> = {}): RedisSettings {
  const { state } = storageConfig.parse({ state: { engine: 'redis', redis: { url, ...more } } });
  return state.redis;
}

/** True also for a Redis that wants a password first: it is up. */
function answersPing(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      resolve(/^(?:\+PONG|-NOAUTH|-NOPERM)/u.test(reply.toString('latin1')));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
