import { readFileSync, readdirSync } from 'node:fs';

/** Of every thread of this process, by its number. */
export function nicenessOfThreads(): ReadonlyMap<string, number> {
  return new Map(
    readdirSync('/proc/self/task').map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
      return [thread, Number(stat.split(') ')[1]?.split(' ')[16])];
    }),
  );
}
