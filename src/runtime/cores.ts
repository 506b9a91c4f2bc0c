import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** The cores that this process may use, by their numbers, where Linux tells them (proc(5)); else none. */
export function coresOfProcess(): readonly number[] {
  // One that is kept on a core does not count: the others were given all.
  return threadsHere()
    .map(coresOf)
    .reduce((most, cores) => (cores.length > most.length ? cores : most), []);
}

/**
 * Keeps the first thread of a process on one core, by `taskset` (util-linux); the others, as far as they have begun, run
 * where they did. False: it cannot be done here.
 */
export async function keepOnCore(pid: number, core: number): Promise<boolean> {
  try {
    await promisify(execFile)('taskset', ['-c', '-p', String(core), String(pid)]);
    return true;
  } catch {
    return false;
  }
}

/** Lets a thread or a child, which begin on the core that their parent is kept on, use all those of this process. */
export function useAllCores(started: number): void {
  const cores = coresOfProcess();
  if (coresOf(String(started)).length >= cores.length) return;
  try {
    const words = ['-c', '-p', cores.join(','), String(started)];
    execFileSync('taskset', words, { stdio: 'ignore' });
  } catch {
    // It has ended, or it shares one core: slower, and right all the same.
  }
}

function threadsHere(): readonly string[] {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return [];
  }
}

/** None of a thread that has ended meanwhile. */
function coresOf(thread: string): readonly number[] {
  return cpuList(thread)
    .split(',')
    .filter(Boolean)
    .flatMap((range) => {
      const [first = '', last = first] = range.split('-');
      const count = Number(last) - Number(first) + 1;
      return Array.from({ length: count }, (_, index) => Number(first) + index);
    });
}

/** `0-3,6` */
function cpuList(thread: string): string {
  try {
    const status = readFileSync(`/proc/${thread}/status`, 'utf8');
    return /^Cpus_allowed_list:\s*(\S+)$/mu.exec(status)?.[1] ?? '';
  } catch {
    return '';
  }
}
