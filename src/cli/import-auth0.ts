import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Audit } from '../audit/audit.ts';
import type { Rooms } from '../compose.ts';
import type { Factors } from '../factors/factors.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { fields, json, plain, type Output } from './output.ts';
import { withRooms } from './rooms.ts';

/** What the command needs of an installation, running or not. */
export interface ImportAuth0Rooms
  extends Pick<Rooms, 'accounts' | 'clock' | 'groups' | 'records' | 'resourceServers'>, Output {
  readonly audit: Pick<Audit, 'record'>;
  readonly factors: Pick<Factors, 'totp'>;
  close(): Promise<void>;
}

/** A file that Auth0 exported. */
interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

/** What became of one kind of thing. */
interface Fates {
  readonly made: number;
  readonly present: number;
  readonly refused: number;
}

/** What became of the files. */
interface ImportReport {
  readonly users: Fates;
  readonly roles: Fates;
  /** What has no place here, and of how many. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Carries files into an installation; which rooms there know Auth0 is for whoever composes to say. */
export type ImportAuth0 = (
  files: readonly ExportedFile[],
  rooms: ImportAuth0Rooms,
  options: {
    readonly isDryRun: boolean;
    onRefused(refusal: { readonly what: string; readonly problem: string }): void;
  },
) => Promise<ImportReport>;

interface Flags {
  readonly dryRun?: true;
  readonly json?: true;
}

/** Something of the export was not carried. */
class ImportIncomplete extends LatchkeyError {
  readonly code = 'ERR_IMPORT_INCOMPLETE';
}

/** A file cannot be read. */
class UnreadableFile extends LatchkeyError {
  readonly code = 'ERR_UNREADABLE_FILE';
}

/** Adds `import auth0`. */
export function registerImportAuth0(
  imports: Command,
  open: () => Promise<ImportAuth0Rooms>,
  importFiles: ImportAuth0,
): void {
  imports
    .command('auth0')
    .description(
      'Makes people and roles of what Auth0 exported; `sub` stays at a tenant, and what is there is left alone.',
    )
    .argument('<path>', 'a file (JSON, or one JSON object a line), or a folder of them')
    .option('--dry-run', 'writes nothing, and tells what would not be carried')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: Flags) => {
      const files = await readFiles(path);
      await withRooms(open, async (rooms) => {
        const isDryRun = flags.dryRun === true;
        const report = await importFiles(files, rooms, {
          isDryRun,
          onRefused: ({ what, problem }) => rooms.printError(plain(`${what}: ${problem}`)),
        });
        rooms.print(flags.json ? json({ dryRun: isDryRun, ...report }) : words(report, isDryRun));
        refuseIncomplete(report, isDryRun);
      });
    });
}

async function readFiles(path: string): Promise<readonly ExportedFile[]> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const isExport = (name: string): boolean => /\.(?:json|jsonl|ndjson)$/.test(name);
    const names = isFolder ? (await readdir(path)).filter(isExport).toSorted() : [];
    const paths = isFolder ? names.map((name) => join(path, name)) : [path];
    return await Promise.all(
      paths.map(async (name) => ({ name, text: await readFile(name, 'utf8') })),
    );
  } catch (error) {
    throw new UnreadableFile(`cannot read ${plain(path)}`, { cause: error });
  }
}

function refuseIncomplete({ users, roles }: ImportReport, isDryRun: boolean): void {
  const refused = users.refused + roles.refused;
  if (refused === 0) return;
  throw new ImportIncomplete(
    `${refused} ${isDryRun ? 'would not be' : 'were not'} carried: mend the files and start again, what is there is left alone`,
  );
}

function words(report: ImportReport, isDryRun: boolean): string {
  const inWords = ({ made, present, refused }: Fates): string =>
    `${made} ${isDryRun ? 'can be carried' : 'carried'}, ${present} there already, ${refused} ${isDryRun ? 'cannot' : 'refused'}`;
  const lost = Object.entries(report.lost).map(([name, count]) => `${name} (${count})`);
  return fields([
    ['users', inWords(report.users)],
    ['roles', inWords(report.roles)],
    ['left out', plain(lost.join(', '))],
  ]);
}
