import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchClient } from '../../../bench/browser-flow.ts';
import { type Latchkey, type Settings, startLatchkey } from '../../support/latchkey.ts';
import { freePort } from '../../support/ports.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createVisitor, type Visitor, type VisitorOptions } from './visitor.ts';

/** The clients of every fault test; their secrets exist on loopback for the length of a test. */
export const APP: BenchClient = {
  id: 'app',
  secret: 'app-secret-of-the-fault-tests-0123456789abcdef',
  redirectUri: 'https://app.example/callback',
};
export const SERVICE: BenchClient = {
  id: 'service',
  secret: 'service-secret-of-the-fault-tests-0123456789',
  redirectUri: '',
};
export const API = 'https://api.example.com';
export const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };

/** One or more nodes in processes of their own, the stores under them, and all that their clients saw. */
export interface World {
  readonly issuer: string;
  readonly folder: string;
  readonly ports: readonly number[];
  readonly nodes: readonly Latchkey[];
  readonly ledger: Ledger;
  /** The Redis under the nodes; throws when they have none. */
  readonly redis: TestRedis;
  /** The wire between the nodes and Redis; throws when they have none. */
  readonly wire: TcpProxy;
  visitor(options?: Partial<Pick<VisitorOptions, 'node' | 'isBrowser' | 'headers'>>): Visitor;
  /** Starts node `index` again after it ended; resolves once it is ready. */
  start(index: number, options?: NodeOptions): Promise<void>;
  close(): Promise<void>;
}

export interface NodeOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly dontWait?: boolean;
  /** The folder of the program, when it is not this one. */
  readonly root?: string;
  /** Put before the command that starts a node. */
  readonly prefix?: (folder: string) => readonly string[];
}

export interface WorldOptions extends NodeOptions {
  readonly state: 'embedded' | 'redis';
  /** 1 when left out. */
  readonly nodes?: number;
  /** How many of them are started at once; all when left out. */
  readonly started?: number;
  readonly redisArgs?: readonly string[];
  /** How long nodes wait for Redis (`PATIENT_REDIS`, for tests that are not about an outage); by default when left out. */
  readonly redisLimits?: Settings;
  /** How nodes reach Redises of the test's own, of which none is started then. */
  readonly redisSettings?: Settings;
  /** More settings, as the YAML has them. */
  readonly settings?: Settings | ((folder: string) => Settings);
  /** Makes in the nodes' folder what must be there before they start. */
  readonly prepare?: (folder: string) => Promise<unknown>;
}

/** Starts the stores and the nodes. Redis is reached through a wire that may be bent. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-fault-'));
  const { nodes: count = 1, started = count } = options;
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const { settings: more = {} } = options;
  const extra = typeof more === 'function' ? more(folder) : more;
  const ledger = createLedger();
  const nodes: Latchkey[] = [];
  const visitors: Visitor[] = [];
  let redis: TestRedis | undefined;
  let wire: TcpProxy | undefined;

  const start = async (index: number, how: NodeOptions = options): Promise<void> => {
    const redisSettings = options.redisSettings ?? throughWire(wire, options.redisLimits);
    const settings = { ...settingsOf(redisSettings), ...extra };
    const { environment = {}, dontWait = false, root } = how;
    const prefix = options.prefix?.(folder) ?? [];
    const port = ports[index] ?? 0;
    const place = { folder, port, issuer };
    nodes[index] = await startLatchkey({
      ...place,
      settings,
      environment,
      dontWait,
      prefix,
      root,
    });
  };
  const close = async (): Promise<void> => {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await Promise.all(nodes.map((node) => node.kill()));
    await wire?.close();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    if (options.state === 'redis' && options.redisSettings === undefined) {
      redis = await startRedis({ port: 0, args: options.redisArgs });
      wire = await startTcpProxy({ port: redis.port });
    }
    await options.prepare?.(folder);
    // The first alone: it makes the keys and the people.
    for (let index = 0; index < started; index += 1) await start(index);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    issuer,
    folder,
    ports,
    nodes,
    ledger,
    start,
    close,
    get redis() {
      return there(redis);
    },
    get wire() {
      return there(wire);
    },
    visitor({ node = () => 0, isBrowser = false, headers = {} } = {}) {
      const visitor = createVisitor({ issuer, ports, node, ledger, isBrowser, headers });
      visitors.push(visitor);
      return visitor;
    },
  };
}

function there<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new TypeError('this world has no Redis');
  return thing;
}

function throughWire(wire: TcpProxy | undefined, limits: Settings = {}): Settings | undefined {
  return wire && { url: `redis://127.0.0.1:${wire.port}/0`, ...limits };
}

function settingsOf(redis: Settings | undefined): Settings {
  return {
    ...(redis && { storage: { state: { engine: 'redis', redis } } }),
    apis: [{ identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read messages' } }],
    clients: [
      {
        id: APP.id,
        type: 'web',
        name: 'App',
        secretInClear: APP.secret,
        redirectUris: [APP.redirectUri],
      },
      {
        id: SERVICE.id,
        type: 'machine',
        name: 'Service',
        secretInClear: SERVICE.secret,
        introspects: [API],
      },
    ],
  };
}
