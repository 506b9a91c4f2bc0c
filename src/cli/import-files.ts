import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LatchkeyError } from '../runtime/errors.ts';
import { plain } from './output.ts';

/** What became of one kind of thing of an export. */
export interface Fates {
  readonly made: number;
  readonly present: number;
  readonly refused: number;
}

/** What has no place here, and of how many. */
export type Lost = Readonly<Record<string, number>>;

/** Something of the export was not carried. */
export class ImportIncomplete extends LatchkeyError {
  readonly code = 'ERR_IMPORT_INCOMPLETE';
}

/** A file cannot be read, or is not what it should be. */
export class UnreadableFile extends LatchkeyError {
  readonly code = 'ERR_UNREADABLE_FILE';

  constructor(path: string, cause: unknown) {
    super(`cannot read ${plain(path)}: ${plain(reasonOf(cause))}`, { cause });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

/**
 * What `read` makes of the file at `path`, or of those of a folder that `isExport` names, by their names.
 *
 * @throws {UnreadableFile} when one of them is not there, or `read` throws.
 */
export async function readExportedFiles<File>(
  path: string,
  isExport: RegExp,
  read: (name: string, text: string) => File,
): Promise<readonly File[]> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const names = isFolder ? (await readdir(path)).filter((name) => isExport.test(name)) : [];
    const paths = isFolder ? names.toSorted().map((name) => join(path, name)) : [path];
    return await Promise.all(paths.map(async (name) => read(name, await readFile(name, 'utf8'))));
  } catch (error) {
    throw new UnreadableFile(path, error);
  }
}

/** @throws {ImportIncomplete} when something was refused. */
export function refuseIncomplete(fates: readonly Fates[], isDryRun: boolean): void {
  const refused = fates.reduce((sum, one) => sum + one.refused, 0);
  if (refused === 0) return;
  throw new ImportIncomplete(
    `${refused} ${isDryRun ? 'would not be' : 'were not'} carried: mend the files and start again, what is there is left alone`,
  );
}

/** `made`, `present` and `refused` as a line of a report. */
export function fatesInWords({ made, present, refused }: Fates, isDryRun: boolean): string {
  return `${made} ${isDryRun ? 'can be carried' : 'carried'}, ${present} there already, ${refused} ${isDryRun ? 'cannot' : 'refused'}`;
}

/** What has no place here, as a line of a report. */
export function lostInWords(lost: Lost): string {
  return plain(
    Object.entries(lost)
      .map(([name, count]) => `${name} (${count})`)
      .join(', '),
  );
}
