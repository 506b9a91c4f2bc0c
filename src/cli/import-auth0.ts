import type { Command } from 'commander';
import type { Audit } from '../audit/audit.ts';
import type { ResourceServers } from '../clients/clients.ts';
import type { Rooms } from '../compose.ts';
import type { Factors } from '../factors/factors.ts';
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
export interface ImportAuth0Rooms
  extends Pick<Rooms, 'accounts' | 'clock' | 'groups' | 'records'>, Output {
  readonly resourceServers: ResourceServers;
  readonly audit: Pick<Audit, 'record'>;
  readonly factors: Pick<Factors, 'totp'>;
  close(): Promise<void>;
}

/** A file that Auth0 exported. */
interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

/** What became of the files. */
interface ImportReport {
  readonly users: Fates;
  readonly roles: Fates;
  readonly lost: Lost;
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

const EXPORT = /\.(?:json|jsonl|ndjson)$/;

interface Flags {
  readonly dryRun?: true;
  readonly json?: true;
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
      const files = await readExportedFiles(path, EXPORT, (name, text) => ({ name, text }));
      await withRooms(open, async (rooms) => {
        const isDryRun = flags.dryRun === true;
        const report = await importFiles(files, rooms, {
          isDryRun,
          onRefused: ({ what, problem }) => rooms.printError(plain(`${what}: ${problem}`)),
        });
        rooms.print(flags.json ? json({ dryRun: isDryRun, ...report }) : words(report, isDryRun));
        refuseIncomplete([report.users, report.roles], isDryRun);
      });
    });
}

function words(report: ImportReport, isDryRun: boolean): string {
  const inWords = (fates: Fates): string => fatesInWords(fates, isDryRun);
  return fields([
    ['users', inWords(report.users)],
    ['roles', inWords(report.roles)],
    ['left out', lostInWords(report.lost)],
  ]);
}
