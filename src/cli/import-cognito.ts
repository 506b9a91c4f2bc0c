import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Rooms } from '../compose.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { fields, json, plain, type Output } from './output.ts';
import { withRooms } from './rooms.ts';

/** What the command needs of an installation, running or not. */
export interface ImportCognitoRooms
  extends Pick<Rooms, 'accounts' | 'clock' | 'groups' | 'records' | 'sealer' | 'settings'>, Output {
  close(): Promise<void>;
}

/** A file that the command line of AWS wrote. */
interface ExportedFile {
  readonly name: string;
  readonly content: unknown;
}

/** What became of one kind of thing. */
interface Fates {
  readonly made: number;
  readonly present: number;
  readonly refused: number;
}

/** What became of the files. */
interface ImportReport {
  readonly pool: string;
  readonly pools: Fates;
  readonly clients: Fates;
  readonly groups: Fates;
  readonly users: Fates;
  /** Users without a verified address. */
  readonly unreachable: number;
  /** What has no place here, and of how many. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Carries files into an installation; which rooms there know Cognito is for whoever composes to say. */
export type ImportCognito = (
  files: readonly ExportedFile[],
  rooms: ImportCognitoRooms,
  options: {
    readonly poolId: string | undefined;
    readonly isDryRun: boolean;
    onRefused(refusal: { readonly what: string; readonly problem: string }): void;
  },
) => Promise<ImportReport>;

interface Flags {
  readonly pool?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Something of the export was not carried. */
class ImportIncomplete extends LatchkeyError {
  readonly code = 'ERR_IMPORT_INCOMPLETE';
}

/** A file cannot be read, or is no JSON. */
class UnreadableFile extends LatchkeyError {
  readonly code = 'ERR_UNREADABLE_FILE';
}

/** Adds `import cognito`. */
export function registerImportCognito(
  imports: Command,
  open: () => Promise<ImportCognitoRooms>,
  importCognito: ImportCognito,
): void {
  imports
    .command('cognito')
    .description(
      'Makes a user pool of what `aws cognito-idp` told of it; ids stay, and what is there is left alone.',
    )
    .argument('<path>', 'a JSON file, or a folder of them')
    .option('--pool <id>', 'the pool that is here, where the files have none')
    .option('--dry-run', 'writes nothing, and tells what would not be carried')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: Flags) => {
      const files = await readFiles(path);
      await withRooms(open, async (rooms) => {
        const isDryRun = flags.dryRun === true;
        const report = await importCognito(files, rooms, {
          poolId: flags.pool,
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
    const names = isFolder ? (await readdir(path)).filter((one) => one.endsWith('.json')) : [];
    const paths = isFolder ? names.toSorted().map((name) => join(path, name)) : [path];
    return await Promise.all(
      paths.map(async (name): Promise<ExportedFile> => {
        const content: unknown = JSON.parse(await readFile(name, 'utf8'));
        return { name, content };
      }),
    );
  } catch (error) {
    const why = error instanceof SyntaxError ? `: ${error.message}` : '';
    throw new UnreadableFile(`cannot read ${plain(path)}${plain(why)}`, { cause: error });
  }
}

function refuseIncomplete(
  { pools, clients, groups, users }: ImportReport,
  isDryRun: boolean,
): void {
  const refused = [pools, clients, groups, users].reduce((sum, one) => sum + one.refused, 0);
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
    ['pool', plain(report.pool)],
    ['pools', inWords(report.pools)],
    ['clients', inWords(report.clients)],
    ['groups', inWords(report.groups)],
    ['users', inWords(report.users)],
    ['without a verified address', String(report.unreachable)],
    ['left out', plain(lost.join(', '))],
  ]);
}
