import type { Command } from 'commander';
import type { Rooms } from '../compose.ts';
import {
  fatesInWords,
  lostInWords,
  readExportedFiles,
  refuseIncomplete,
  type Fates,
  type Lost,
} from './import-files.ts';
import { fields, json, plain, type Output } from './output.ts';
import { withRooms } from './rooms.ts';

/** What the command needs of an installation, running or not. */
export interface ImportCognitoRooms
  extends
    Pick<Rooms, 'accounts' | 'clock' | 'groups' | 'records' | 'sealer' | 'settings' | 'sms'>,
    Output {
  close(): Promise<void>;
}

/** A file that the command line of AWS wrote. */
interface ExportedFile {
  readonly name: string;
  readonly content: unknown;
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
  readonly lost: Lost;
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

const EXPORT = /\.json$/;

interface Flags {
  readonly pool?: string;
  readonly dryRun?: true;
  readonly json?: true;
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
      const files = await readExportedFiles(path, EXPORT, readFile);
      await withRooms(open, async (rooms) => {
        const isDryRun = flags.dryRun === true;
        const report = await importCognito(files, rooms, {
          poolId: flags.pool,
          isDryRun,
          onRefused: ({ what, problem }) => rooms.printError(plain(`${what}: ${problem}`)),
        });
        rooms.print(flags.json ? json({ dryRun: isDryRun, ...report }) : words(report, isDryRun));
        refuseIncomplete([report.pools, report.clients, report.groups, report.users], isDryRun);
      });
    });
}

/** @throws {SyntaxError} when it is no JSON. */
function readFile(name: string, text: string): ExportedFile {
  return { name, content: JSON.parse(text) as unknown };
}

function words(report: ImportReport, isDryRun: boolean): string {
  const inWords = (fates: Fates): string => fatesInWords(fates, isDryRun);
  return fields([
    ['pool', plain(report.pool)],
    ['pools', inWords(report.pools)],
    ['clients', inWords(report.clients)],
    ['groups', inWords(report.groups)],
    ['users', inWords(report.users)],
    ['without a verified address', String(report.unreachable)],
    ['left out', lostInWords(report.lost)],
  ]);
}
