import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Seed } from './seed.ts';

/** The command of this package: of a checkout, and of what was installed. */
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
/** As the command would set it by starting once more, which takes time (latchkey.mjs). */
const YOUNG_OBJECTS = '--max-semi-space-size=16';
/** Only against what hangs: where tests run, a machine is busy. */
const READY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 10;
/** Between the choice of a port and its use another program may take it. */
const TRIES = 3;
const PORT_IS_TAKEN = 'ERR_CANNOT_LISTEN';

/** The node for a test did not come up; the message has what it wrote. */
export class DidNotStart extends LatchkeyError {
  readonly code = 'ERR_DID_NOT_START';
}

/** A node in a process of its own, on a folder of its own. */
export interface NodeProcess {
  readonly issuer: string;
  readonly pid: number;
  /** Ends the process and removes its folder. */
  close(): Promise<void>;
}

/**
 * Starts a node on a free port of 127.0.0.1, and waits until it is ready. `findPort`: how a free one is found.
 *
 * @throws {DidNotStart}
 */
export async function startNodeProcess(seed: Seed, findPort = freePort): Promise<NodeProcess> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      return await startAt(await findPort(), seed);
    } catch (error) {
      if (!(error instanceof DidNotStart && error.message.includes(PORT_IS_TAKEN))) throw error;
    }
  }
  return await startAt(await findPort(), seed);
}

async function startAt(port: number, seed: Seed): Promise<NodeProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-testing-'));
  const issuer = `http://127.0.0.1:${port}`;
  const config = join(folder, 'latchkey.json');
  const settings = { ...seed, ...placeOf({ folder, port, issuer }) };
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });
  // Nothing of the test's environment may change the settings.
  const child = spawn(process.execPath, [YOUNG_OBJECTS, COMMAND, 'start', '--config', config], {
    cwd: folder,
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const close = closerOf(child, folder);
  try {
    await untilReady(child, issuer);
  } catch (error) {
    await close();
    throw error;
  }
  return { issuer, pid: child.pid ?? 0, close };
}

function placeOf(place: {
  readonly folder: string;
  readonly port: number;
  readonly issuer: string;
}): Seed {
  const { folder, port, issuer } = place;
  return {
    profile: 'dev',
    issuer,
    http: { listen: { host: '127.0.0.1', port }, drainDelay: '0s' },
    log: { level: 'warn' },
    storage: { embedded: { file: join(folder, 'latchkey.sqlite') } },
    signingKeys: { folder: join(folder, 'keys') },
  };
}

function closerOf(child: ChildProcess, folder: string): () => Promise<void> {
  const ended = once(child, 'exit');
  // Should the test end first, it takes the node with it.
  const takeAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', takeAlong);
  return async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await ended;
    process.off('exit', takeAlong);
    await rm(folder, { recursive: true, force: true });
  };
}

/** Asks nobody before the banner names the issuer: until then its port may be another program's. */
async function untilReady(child: ChildProcess, issuer: string): Promise<void> {
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const closed = once(child, 'close');
  const untilMs = performance.now() + READY_WITHIN_MS;
  while (child.exitCode === null && performance.now() < untilMs) {
    const answer = output.join('').includes(issuer)
      ? await fetch(`${issuer}/readyz`).catch(() => undefined)
      : undefined;
    if (answer?.ok) return;
    await delay(LOOK_EVERY_MS);
  }
  // What it wrote last may be on its way still.
  if (child.exitCode !== null) await closed;
  throw new DidNotStart(`Latchkey did not start:\n${output.join('')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a server without port');
  return address.port;
}
