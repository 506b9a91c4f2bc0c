import { readFileSync, readdirSync } from 'node:fs';

/** SCHED_IDLE (sched(7)). */
const IDLE = '5';
/** Where fields of `/proc/PID/stat` stand behind the name (proc_pid_stat(5)): the nice value, the policy. */
const [NICE_AT, POLICY_AT] = [16, 38];

/** Of every thread of this process, by its number. */
export function nicenessOfThreads(): ReadonlyMap<string, number> {
  return new Map(threads().map(([thread, fields]) => [thread, Number(fields[NICE_AT])]));
}

/** Those that run when no other wants to. */
export function idleThreads(): ReadonlySet<string> {
  return new Set(
    threads().flatMap(([thread, fields]) => (fields[POLICY_AT] === IDLE ? [thread] : [])),
  );
}

function threads(): readonly (readonly [thread: string, fields: readonly string[]])[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return [thread, stat.split(') ')[1]?.split(' ') ?? []];
  });
}
