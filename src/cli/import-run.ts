import {
  AccountExists,
  InvalidAccount,
  type Accounts,
  type NewAccount,
} from '../accounts/accounts.ts';
import { readImportLine, type ImportedPerson } from '../accounts/import-format.ts';
import type { Actor } from '../runtime/origin.ts';
import { beginningsOf, type BeginningsRooms } from './import-beginnings.ts';

/** Why one line was not carried. */
export interface Refusal {
  readonly line: number;
  readonly problems: readonly string[];
}

/** What became of a file. */
export interface ImportReport {
  readonly lines: number;
  /** Made, or in a dry run: could be. */
  readonly imported: number;
  /** Were there from an earlier run: left as they are. */
  readonly present: number;
  readonly refused: number;
  /** Fields that have no place here, with the number of people who had them. */
  readonly lost: Readonly<Record<string, number>>;
}

export interface ImportOptions extends BeginningsRooms {
  readonly accounts: Accounts;
  readonly lines: AsyncIterable<string>;
  readonly isDryRun: boolean;
  onRefused(refusal: Refusal): void;
  /** After every so many lines. */
  onProgress(lines: number): void;
}

type Fate = 'imported' | 'present';

/** Enough to fill a transaction of the records, few enough to hold in memory. */
const AT_ONCE = 64;
const PROGRESS_LINES = 1000;
const IMPORT: Actor = { by: 'import', origin: { address: 'cli' } };

/**
 * Makes people of lines, a number at once. Who is there already, by id or else by sign-in name, is left alone: so a run
 * that was cut short goes on where it ended when it is started again.
 */
export async function importPeople(options: ImportOptions): Promise<ImportReport> {
  const { onRefused, onProgress } = options;
  const counts = { lines: 0, imported: 0, present: 0, refused: 0 };
  const lost = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const seen = new Set<string>();

  async function take(line: string, number: number): Promise<void> {
    const read = readImportLine(line);
    const fate = read.ok ? await carry(read, seen, options) : read.problems;
    if (typeof fate !== 'string') {
      counts.refused += 1;
      onRefused({ line: number, problems: fate });
      return;
    }
    counts[fate] += 1;
    if (!read.ok || fate !== 'imported') return;
    for (const name of read.lost) lost.set(name, (lost.get(name) ?? 0) + 1);
  }

  let number = 0;
  for await (const line of options.lines) {
    number += 1;
    if (line.trim() === '') continue;
    counts.lines += 1;
    // One that fails stays, so that whoever waits next is told and the run ends.
    const one = take(line, number).then(() => void running.delete(one));
    one.catch(() => undefined);
    running.add(one);
    if (running.size >= AT_ONCE) await Promise.race(running);
    if (counts.lines % PROGRESS_LINES === 0) onProgress(counts.lines);
  }
  await Promise.all(running);
  return {
    ...counts,
    lost: Object.fromEntries([...lost].toSorted(([one], [other]) => one.localeCompare(other))),
  };
}

/** What became of one person, or why nothing did. */
async function carry(
  person: ImportedPerson,
  seen: Set<string>,
  options: ImportOptions,
): Promise<Fate | readonly string[]> {
  const { account } = person;
  const { accounts, isDryRun } = options;
  if (await isPresent(account, accounts)) return 'present';
  const { beginnings, problems: unfit } = await beginningsOf(person, options);
  if (isDryRun) {
    const problems = [...(await accounts.check(account)), ...unfit, ...repeated(account, seen)];
    return problems.length > 0 ? problems : 'imported';
  }
  if (unfit.length > 0) return unfit;
  try {
    await accounts.create(account, IMPORT, beginnings);
    return 'imported';
  } catch (error) {
    if (error instanceof InvalidAccount) return error.problems;
    if (!(error instanceof AccountExists)) throw error;
    const problems = await accounts.check(account);
    return problems.length > 0 ? problems : [error.message];
  }
}

async function isPresent(account: NewAccount, accounts: Accounts): Promise<boolean> {
  const { id, email, username } = account;
  if (id !== undefined) return (await accounts.find(id)) !== undefined;
  const login = email ?? username;
  return login !== undefined && (await accounts.findByLogin(login)) !== undefined;
}

/** What an earlier line of the same file has: nothing is written in a dry run, so the records cannot tell. */
function repeated(account: NewAccount, seen: Set<string>): readonly string[] {
  const { id, email, username } = account;
  const keys = Object.entries({
    id,
    email: email?.toLowerCase(),
    username: username?.toLowerCase(),
  });
  const problems: string[] = [];
  for (const [name, key] of keys) {
    if (key === undefined) continue;
    if (seen.has(`${name} ${key}`)) problems.push(`${name}: an earlier line has it`);
    seen.add(`${name} ${key}`);
  }
  return problems;
}
