import { performance } from 'node:perf_hooks';
import { cpuMs } from './cpu.ts';

/** What a closed loop of one scenario against one target measured. */
export interface Measured {
  readonly perSecond: number;
  readonly cpuMsEach: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly seconds: number;
  /** Goes on until it was done so often; 0 when left out. */
  readonly timesMin?: number;
  readonly connections: number;
  /** Processes whose CPU time counts: the server and its store. */
  readonly pids: readonly number[];
}

/** Runs `once` in `connections` loops for `seconds`; a rejection ends the run. */
export async function measure(
  once: (lane: number) => Promise<void>,
  { seconds, timesMin = 0, connections, pids }: LoadOptions,
): Promise<Measured> {
  const latencies: number[] = [];
  const used = (): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const cpuBefore = used();
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const loop = async (lane: number): Promise<void> => {
    const isOver = (): boolean => performance.now() >= endsAt && latencies.length >= timesMin;
    while (!isOver()) {
      const at = performance.now();
      await once(lane);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, lane) => loop(lane)));
  const elapsed = (performance.now() - startedAt) / 1000;
  latencies.sort((left, right) => left - right);
  const quantile = (share: number): number =>
    latencies[Math.floor(latencies.length * share)] ?? NaN;
  return {
    perSecond: latencies.length / elapsed,
    cpuMsEach: (used() - cpuBefore) / latencies.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

/** The middle one of several runs of the same thing, by CPU time. */
export function median(runs: readonly Measured[]): Measured {
  const sorted = runs.toSorted((left, right) => left.cpuMsEach - right.cpuMsEach);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new TypeError('the median of nothing');
  return middle;
}
