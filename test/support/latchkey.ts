import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CHEAP_HASHES, PASSWORD_HASH } from './passwords.ts';
import { freePort } from './ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = 'latchkey.mjs';
/** As the command would set it by starting once more: 200 times in all tests (latchkey.mjs). */
const YOUNG_OBJECTS = '--max-semi-space-size=16';
/** Only against what hangs: on a busy machine it takes long. */
const READY_WITHIN_MS = 100_000;

/** Settings as the YAML has them. */
export type Settings = Readonly<Record<string, unknown>>;

/** A provider in a process of its own, as an operator would run it. */
export interface Latchkey {
  readonly issuer: string;
  readonly port: number;
  /** Where its data and keys lie. */
  readonly folder: string;
  readonly configFile: string;
  readonly process: ChildProcess;
  /** All that it wrote so far. */
  output(): string;
  /** The exit code, once it has ended and all that it wrote is read; null: a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and waits for the end; gives the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Removes the folder; the process must have ended. */
  clean(): Promise<void>;
}

export interface StartOptions {
  /** Merged over the defaults below, setting by setting; a list replaces a list. */
  readonly settings?: Settings;
  /** An earlier one's folder, to start on its data. */
  readonly folder?: string;
  /** Of a node that shares the issuer of another; else a free one. */
  readonly port?: number;
  readonly issuer?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Return as soon as the process runs, ready or not. */
  readonly dontWait?: boolean;
  /** Put before the command: `taskset -c 0`. */
  readonly prefix?: readonly string[];
  /** In place of `start`. */
  readonly command?: 'dev';
  /** Put behind it: `--workers 2`. */
  readonly words?: readonly string[];
  /** The folder of the program, when it is not this one. */
  readonly root?: string | undefined;
}

/** Starts `latchkey start` on a folder of its own, and waits until `/readyz` says yes. */
export async function startLatchkey(options: StartOptions = {}): Promise<Latchkey> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'latchkey-e2e-')));
  const port = options.port ?? (await freePort());
  const issuer = options.issuer ?? `http://127.0.0.1:${port}`;
  const configFile = join(folder, `latchkey-${port}.yaml`);
  const settings = merge(defaults({ folder, port, issuer }), options.settings ?? {});
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(settings, null, 2), { mode: 0o600 });

  const child = spawnLatchkey(configFile, folder, options);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  const latchkey = {
    issuer,
    port,
    folder,
    configFile,
    process: child,
    ...handles(child, folder, output),
  };
  if (options.dontWait !== true) await untilReady(latchkey);
  return latchkey;
}

function spawnLatchkey(
  configFile: string,
  folder: string,
  options: StartOptions,
): ChildProcess & {
  readonly stdout: Readable;
  readonly stderr: Readable;
} {
  const command = join(options.root ?? ROOT, COMMAND);
  const before = options.prefix ?? [];
  const words = [
    ...before,
    process.execPath,
    YOUNG_OBJECTS,
    command,
    options.command ?? 'start',
    '--config',
    configFile,
    ...(options.words ?? []),
  ];
  return spawn(words[0] ?? '', words.slice(1), {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Polls `/readyz` until it says yes; says what the process wrote when it ends or takes too long. */
async function untilReady(latchkey: Latchkey): Promise<void> {
  const { port, issuer, process: child, ended, output } = latchkey;
  const isTls = issuer.startsWith('https:');
  const limitMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < limitMs) {
    if (child.exitCode !== null) {
      throw new Error(`latchkey ended with ${await ended}:\n${output()}`);
    }
    if (await saysReady(port, isTls)) return;
    await delay(25);
  }
  throw new Error(`latchkey was not ready within ${READY_WITHIN_MS} ms:\n${output()}`);
}

/** Whose certificate it shows is not the question here. */
function saysReady(port: number, isTls: boolean): Promise<boolean> {
  const options = { host: '127.0.0.1', port, path: '/readyz', agent: false };
  return new Promise((resolve) => {
    const answered = (response: IncomingMessage): void => {
      response.resume();
      resolve(response.statusCode === 200);
    };
    const asked = isTls
      ? httpsGet({ ...options, rejectUnauthorized: false }, answered)
      : httpGet(options, answered);
    asked.on('error', () => resolve(false));
  });
}

function merge(base: Settings, over: Settings): Settings {
  const merged = Object.entries(over).map(([name, value]) => {
    const standard = base[name];
    return [name, isSection(value) && isSection(standard) ? merge(standard, value) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isSection(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function handles(
  child: ChildProcess,
  folder: string,
  output: readonly string[],
): Pick<Latchkey, 'ended' | 'output' | 'stop' | 'kill' | 'clean'> {
  // Later than `exit`: what it wrote last may still be on its way then.
  const ended = once(child, 'close').then(() => child.exitCode);
  // Should the test process end first, it takes the provider with it.
  const takeAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', takeAlong);
  child.once('exit', () => process.off('exit', takeAlong));
  return {
    ended,
    output: () => output.join(''),
    stop: async () => {
      child.kill('SIGTERM');
      return await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    clean: () => rm(folder, { recursive: true, force: true }),
  };
}

function defaults(place: { folder: string; port: number; issuer: string }): Settings {
  return {
    profile: 'dev',
    issuer: place.issuer,
    http: {
      listen: { host: '127.0.0.1', port: place.port },
      metrics: { port: 0 },
      // No proxy stands before it that would have to notice.
      drainDelay: '0s',
    },
    log: { level: 'warn' },
    storage: { embedded: { file: join(place.folder, 'latchkey.sqlite') } },
    signingKeys: { folder: join(place.folder, 'keys') },
    ...SEEDS,
  };
}

/** The people of the e2e tests, all with one password; consent is remembered of each, so that some are new to it. */
const SEEDS = {
  signIn: { argon2: CHEAP_HASHES },
  people: ['Alice', 'Bob', 'Carol', 'Dave', 'Erin'].map((name) => ({
    username: name.toLowerCase(),
    email: `${name.toLowerCase()}@example.com`,
    emailVerified: true,
    passwordHash: PASSWORD_HASH,
    claims: { name: `${name} Example` },
  })),
} as const;
