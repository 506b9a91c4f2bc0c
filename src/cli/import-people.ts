import { createReadStream } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { ImportIncomplete, lostInWords, UnreadableFile } from './import-files.ts';
import { importPeople, type ImportReport, type Refusal } from './import-run.ts';
import { fields, json, plain, type Output } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { withRooms, type OpenRooms } from './rooms.ts';

interface Flags {
  readonly dryRun?: true;
  readonly json?: true;
}

/** Refusals that the JSON holds; all of them are told on standard error as they come. */
const REFUSALS_KEPT = 1000;

/** Adds `person import`. */
export function registerImport(
  person: Command,
  open: OpenRooms<PeopleRooms>,
  input: Readable,
): void {
  person
    .command('import')
    .description('Makes people of a file with one JSON object a line; who is there is left alone.')
    .argument('<file>', 'the file; "-" for standard input')
    .option('--dry-run', 'writes nothing, and tells what would not be carried')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: Flags) => {
      const source = file === '-' ? input : await readable(file);
      await withRooms(open, (rooms) => run(rooms, source, flags));
    });
}

async function readable(file: string): Promise<Readable> {
  try {
    await (await openFile(file)).close();
  } catch (error) {
    throw new UnreadableFile(file, error);
  }
  return createReadStream(file);
}

async function run(rooms: PeopleRooms & Output, source: Readable, flags: Flags): Promise<void> {
  const refusals: Refusal[] = [];
  const isDryRun = flags.dryRun === true;
  const report = await importPeople({
    accounts: rooms.accounts,
    groups: rooms.groups,
    totp: rooms.factors.totp,
    lines: createInterface({ input: source, crlfDelay: Infinity }),
    isDryRun,
    onRefused(refusal) {
      if (refusals.length < REFUSALS_KEPT) refusals.push(refusal);
      rooms.printError(`line ${refusal.line}: ${plain(refusal.problems.join('; '))}`);
    },
    onProgress: (lines) => rooms.printError(`${lines} lines`),
  });
  rooms.print(
    flags.json ? json({ dryRun: isDryRun, ...report, refusals }) : words(report, isDryRun),
  );
  if (report.refused === 0) return;
  throw new ImportIncomplete(
    `${report.refused} of ${report.lines} people ${isDryRun ? 'would not be' : 'were not'} carried: mend their lines and start again, the others are left alone`,
  );
}

function words(report: ImportReport, isDryRun: boolean): string {
  return fields([
    ['lines', String(report.lines)],
    [isDryRun ? 'can be carried' : 'carried', String(report.imported)],
    ['there already', String(report.present)],
    [isDryRun ? 'cannot' : 'refused', String(report.refused)],
    ['without', lostInWords(report.lost)],
  ]);
}
