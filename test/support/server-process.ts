import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** A server program that a test started and may stop in any way. */
export interface ServerProcess {
  readonly pid: number;
  /** Everything it has printed, for the message of a start that failed. */
  output(): string;
  /** Sends `signal` (0: none, it ends by itself) and resolves once the process is gone. */
  end(signal: NodeJS.Signals | 0): Promise<void>;
  readonly ended: boolean;
}

/**
 * Starts `program`; should the test process end first, it takes the server with it.
 *
 * @throws {Error} `hint`, when the program is not installed.
 */
export async function startProcess(
  program: string,
  args: readonly string[],
  { hint, ...options }: SpawnOptions & { readonly hint: string },
): Promise<ServerProcess> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => void chunks.push(chunk));
  }
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new Error(hint, { cause });
  }
  const takeAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', takeAlong);
  child.once('exit', () => process.off('exit', takeAlong));
  return {
    pid: child.pid ?? 0,
    output: () => Buffer.concat(chunks).toString('utf8'),
    end: (signal) => endProcess(child, signal),
    get ended() {
      return hasEnded(child);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals | 0): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  if (signal !== 0) child.kill(signal);
  await gone;
}

/**
 * Asks `isReady` until it says so.
 *
 * @throws {Error} with what the server printed, when it ends or `limitMs` passes first.
 */
export async function untilReady(
  server: ServerProcess,
  isReady: () => Promise<boolean>,
  limitMs = 100_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isReady())) {
    if (server.ended || performance.now() > deadline) {
      throw new Error(`a server did not start:\n${server.output()}`);
    }
    await delay(20);
  }
}
