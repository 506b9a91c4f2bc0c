import { cpus } from 'node:os';
import { DEFAULT_SEED } from '../src/testing/seed.ts';
import { startNodeProcess } from '../src/testing/node-process.ts';
import { cpuMs } from './cpu.ts';

const ROUNDS = 15;
const REQUIRED_MS = 1000;

interface Start {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/**
 * How long a test of an app waits for its provider (`startLatchkey` of `latchkey/testing`), and what that takes of the
 * processor: medians, once the code is compiled. A second or more is an exit code of 1.
 */
export async function benchStart(): Promise<void> {
  const first = await startOnce();
  const starts: Start[] = [];
  for (let round = 0; round < ROUNDS; round += 1) starts.push(await startOnce());
  const wallMs = median(starts.map((one) => one.wallMs));
  const used = median(starts.map((one) => one.cpuMs));
  const missed = wallMs >= REQUIRED_MS ? `, MISSED: ${REQUIRED_MS}` : '';
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? ''}\n` +
      `ready after ${wallMs} ms, ${used} ms of CPU (the first one ${first.wallMs} and ${first.cpuMs})${missed}\n`,
  );
  if (missed !== '') process.exitCode = 1;
}

async function startOnce(): Promise<Start> {
  const begun = performance.now();
  const { pid, close } = await startNodeProcess(DEFAULT_SEED);
  const wallMs = Math.round(performance.now() - begun);
  const used = cpuMs(pid);
  await close();
  return { wallMs, cpuMs: used };
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}
