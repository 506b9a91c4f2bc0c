import { readFileSync, statfsSync } from 'node:fs';

const FOLDER = '/dev/shm';
const GIBIBYTE = 1024 ** 3;
/** Whole installations of npm's lie there for a while. */
const ROOM_MIN = 4 * GIBIBYTE;

/**
 * A folder in memory, for data that need not outlive the machine: on a disk each commit waits until it is written.
 * Undefined where there is none, or none with enough room, or none from which programs may be started.
 */
export function foldersInMemory(): string | undefined {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const [, , kind, options = ''] =
      mounts.map((line) => line.split(' ')).findLast(([, place]) => place === FOLDER) ?? [];
    const { bavail, bsize } = statfsSync(FOLDER);
    const isFit = kind === 'tmpfs' && !options.split(',').includes('noexec');
    return isFit && bavail * bsize >= ROOM_MIN ? FOLDER : undefined;
  } catch {
    return undefined;
  }
}
