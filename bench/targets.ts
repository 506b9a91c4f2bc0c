import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hash } from '@node-rs/argon2';
import { freePort } from '../test/support/ports.ts';
import { PATHS, type BenchClient } from './browser-flow.ts';
import { BENCH_CLIENTS, PERSON, RESOURCES, type Target } from './scenarios.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** What Latchkey makes hashes of by default. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MAIN = join(ROOT, 'latchkey.mjs');
const BARE = join(ROOT, 'bench/bare/server.ts');
const PLAIN = join(ROOT, 'bench/bare/plain-server.ts');

/** A target that was started, and how to end it. */
export interface StartedTarget extends Target {
  stop(): Promise<void>;
}

/** Where both targets keep what they keep. */
export type Store =
  | { readonly engine: 'embedded' }
  | { readonly engine: 'redis'; readonly socketPath: string; readonly pid: number };

/** Pins a process to one core where the machine has several, so that server and load do not share one. */
export function pin(pid: number, core: string): void {
  if (cpus().length > 1)
    execFileSync('taskset', ['-a', '-c', '-p', core, String(pid)], { stdio: 'ignore' });
}

/** Latchkey as an operator runs it: audit, metrics, limits and the request log are on; by so many processes. */
export async function startOurs(store: Store, workers = 1): Promise<StartedTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const configFile = join(folder, 'latchkey.yaml');
  const config = JSON.stringify(await settings({ folder, port, origin, store }));
  await writeFile(configFile, config, { mode: 0o600 });
  await writeSecrets(folder);
  const words = [MAIN, 'start', '--config', configFile, '--workers', String(workers)];
  const options: SpawnOptions = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] };
  const child =
    workers === 1 ? spawnServer(words, options) : spawn(process.execPath, words, options);
  await untilReady(child, `${origin}/readyz`);
  return started('latchkey', { child, origin, folder, store, workers: childrenOf(child) });
}

function childrenOf({ pid = 0 }: ChildProcess): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

/** The engine alone, as its documentation builds it. */
export async function startBare(store: Store): Promise<StartedTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  const place = store.engine === 'redis' ? store.socketPath : join(folder, 'bare.sqlite');
  const child = spawnServer([BARE, store.engine, place, JSON.stringify(bareClients())], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return started('bare', { child, origin: await originOf(child), folder, store });
}

/** node:http alone, with the documents of the server at `origin`. */
export async function startPlain(origin: string): Promise<StartedTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  const child = spawnServer([PLAIN, origin, PATHS.discovery, PATHS.jwks], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const store: Store = { engine: 'embedded' };
  return started('node:http', { child, origin: await originOf(child), folder, store });
}

/** Where a server of ours listens that prints its port. */
async function originOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new TypeError('a pipe was asked for');
  const [line] = await once(createInterface({ input: stdout }), 'line');
  const { port } = JSON.parse(String(line)) as { port: number };
  return `http://127.0.0.1:${port}`;
}

/** On the servers' core from the first moment on: a server sizes its pools by the cores it may use. */
function spawnServer(words: readonly string[], options: SpawnOptions): ChildProcess {
  const pinned = cpus().length > 1 ? ['taskset', '-c', '0'] : [];
  const [command = '', ...rest] = [...pinned, process.execPath, ...words];
  return spawn(command, rest, options);
}

interface Started {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly folder: string;
  readonly store: Store;
  readonly workers?: readonly number[];
}

function started(name: Target['name'], what: Started): StartedTarget {
  const { child, origin, folder, store, workers = [] } = what;
  const pids = [child.pid ?? 0, ...workers];
  return {
    name,
    origin,
    pids: store.engine === 'redis' ? [...pids, store.pid] : pids,
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await delay(50);
  }
  throw new Error(`latchkey ended with ${child.exitCode}`);
}

/** Secrets lie in files of their own: in production none is written into the configuration. */
async function writeSecrets(folder: string): Promise<void> {
  for (const { id, secret } of Object.values(BENCH_CLIENTS))
    await writeFile(secretFile(folder, id), secret, { mode: 0o600 });
}

function secretFile(folder: string, id: string): string {
  return join(folder, `${id}.secret`);
}

async function settings(place: {
  folder: string;
  port: number;
  origin: string;
  store: Store;
}): Promise<object> {
  const { folder, port, origin, store } = place;
  const api = (identifier: string, signingAlgorithm: string): object => ({
    identifier,
    name: identifier,
    signingAlgorithm,
    scopes: { 'read:messages': 'Read messages' },
  });
  const { web, jwt, machine, device, exchanger } = BENCH_CLIENTS;
  const secretOf = ({ id }: BenchClient): object => ({ file: secretFile(folder, id) });
  const app = (client: BenchClient, accessTokenFormat: string): object => ({
    id: client.id,
    type: 'web',
    name: client.id,
    secret: secretOf(client),
    redirectUris: [client.redirectUri],
    accessTokenFormat,
  });
  return {
    profile: 'production',
    issuer: origin,
    http: { listen: { port }, metrics: { enabled: true, port: 0 } },
    storage: {
      embedded: { file: join(folder, 'latchkey.sqlite') },
      ...(store.engine === 'redis' && {
        state: { engine: 'redis', redis: { url: `unix://${store.socketPath}` } },
      }),
    },
    signingKeys: { folder: join(folder, 'keys') },
    // Counted as ever, but one person who signs in from all connections at once must not be taken for a guesser.
    signIn: { limits: { perPath: 100, acquaintances: 25, strangers: 25 } },
    protocol: { deviceFlow: { enabled: true }, tokenExchange: { enabled: true } },
    apis: [api(RESOURCES.es256, 'ES256'), api(RESOURCES.rs256, 'RS256')],
    clients: [
      app(web, 'opaque'),
      app(jwt, 'jwt'),
      { id: machine.id, type: 'machine', name: 'Machine', secret: secretOf(machine) },
      {
        id: device.id,
        type: 'device',
        name: 'Device',
        tokenEndpointAuthMethod: 'client_secret_basic',
        secret: secretOf(device),
      },
      {
        id: exchanger.id,
        type: 'machine',
        name: 'Exchanger',
        grantTypes: [TOKEN_EXCHANGE],
        secret: secretOf(exchanger),
        tokenExchange: { subjects: [web.id], audiences: [RESOURCES.es256], impersonation: true },
      },
    ],
    people: [
      {
        username: 'alice',
        email: 'alice@example.com',
        emailVerified: true,
        passwordHash: await hash(PERSON.password, ARGON2),
        claims: { name: 'Alice' },
      },
    ],
  };
}

function bareClients(): readonly object[] {
  const { web, machine, device, exchanger } = BENCH_CLIENTS;
  const others = [
    [device, 'urn:ietf:params:oauth:grant-type:device_code'],
    [exchanger, TOKEN_EXCHANGE],
  ] as const;
  return [
    ...others.map(([{ id, secret }, grantType]) => ({
      client_id: id,
      client_secret: secret,
      redirect_uris: [],
      grant_types: [grantType],
      response_types: [],
    })),
    {
      client_id: web.id,
      client_secret: web.secret,
      redirect_uris: [web.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    {
      client_id: machine.id,
      client_secret: machine.secret,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ];
}
