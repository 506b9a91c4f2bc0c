import { statSync } from 'node:fs';

/** Names the back-up that is kept beside a database file. */
export function backupFile(file: string): string {
  return `${file}.backup`;
}

/** When the back-up was made, in milliseconds; undefined when there is none. */
export function backedUpAt(file: string): number | undefined {
  return statSync(backupFile(file), { throwIfNoEntry: false })?.mtimeMs;
}

/** One sentence on the newest back-up, for an operator in trouble. */
export function describeBackup(file: string): string {
  const at = backedUpAt(file);
  return at === undefined
    ? 'There is no back-up beside it.'
    : `The newest back-up beside it is ${backupFile(file)} of ${new Date(at).toISOString()}.`;
}
