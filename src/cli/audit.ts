import { InvalidArgumentError, type Command } from 'commander';
import type { AuditedEvent } from '../audit/audit.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { listAudit } from '../audit/list-audit.ts';
import { verifyAudit, type AuditProblem, type AuditReport } from '../audit/verify-audit.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Records } from '../storage/records.ts';
import { instant, type Output } from './output.ts';
import { withRooms } from './rooms.ts';

const LIST_MAX = 10_000;

/** What the commands need of an installation, running or not. */
interface AuditRooms {
  readonly records: Records;
  close(): Promise<void>;
}

type Opened = AuditRooms & Pick<Output, 'print'>;

interface ListFlags {
  readonly json?: true;
  readonly since?: number;
  readonly account?: string;
  readonly client?: string;
  readonly type?: string;
  readonly limit: number;
}

/** The audit is not as it was written. Printed in full before this is thrown, so that the command fails. */
export class AuditBroken extends LatchkeyError {
  readonly code = 'ERR_AUDIT_BROKEN';
}

/** Adds `audit verify` and `audit list`, which read the records of an installation, running or not. */
export function registerAuditCommands(program: Command, open: () => Promise<Opened>): void {
  const audit = program
    .command('audit')
    .description('Reads and verifies the record of what happened.');

  audit
    .command('verify')
    .description('Follows every chain of events: finds edits, holes and a tail that was cut away.')
    .option('--json', 'print JSON')
    .action((flags: { readonly json?: true }) =>
      withRooms(open, (opened) => verify(opened, flags)),
    );

  audit
    .command('list')
    .description('Prints events, newest first.')
    .option('--json', 'print JSON, one event a line')
    .option('--since <date>', 'from this instant on: 2026-11-30, 2026-11-30T12:00:00Z', date)
    .option('--account <sub>', 'of this person only')
    .option('--client <client_id>', 'of this client only')
    .option('--type <type>', 'of this type only: sign_in.failed, revocation, ...')
    .option('--limit <count>', 'at most so many', count, 50)
    .action((flags: ListFlags) => withRooms(open, (opened) => list(opened, flags)));
}

async function verify({ records, print }: Opened, flags: { json?: true }): Promise<void> {
  const report = await verifyAudit(records);
  print(flags.json ? JSON.stringify(report, undefined, 2) : inWords(report));
  if (!report.ok) {
    throw new AuditBroken(`the audit has ${report.problems.length} problem(s)`);
  }
}

function inWords({ ok, chains, problems }: AuditReport): string {
  const lines = chains.map(
    ({ node, first, last, hash }) => `${node}: events ${first} to ${last}, head ${hash}`,
  );
  const verdict = ok ? 'The audit is whole.' : 'The audit is NOT as it was written.';
  return [...lines, ...problems.map(problemInWords), verdict].join('\n');
}

function problemInWords({ node, number, kind }: AuditProblem): string {
  switch (kind) {
    case 'edited':
      return `${node}: event ${number} was changed`;
    case 'missing':
      return `${node}: events before ${number} are missing`;
    case 'truncated':
      return `${node}: the events up to ${number} were cut away at the end`;
    case 'head':
      return `${node}: the kept head does not fit event ${number}`;
  }
}

async function list({ records, print }: Opened, flags: ListFlags): Promise<void> {
  const events = await listAudit(records, {
    since: flags.since,
    accountId: flags.account,
    clientId: flags.client,
    type: flags.type,
    limit: flags.limit,
  });
  for (const event of events) print(flags.json ? canonicalJson(event) : line(event));
}

function line({ node, number, at, event }: AuditedEvent): string {
  // Canonical JSON escapes what would act on a terminal: clients and strangers choose their names.
  return `${instant(at)} ${node} ${number} ${canonicalJson(event)}`;
}

function date(text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new InvalidArgumentError('Expected a date (ISO 8601).');
  return Math.floor(milliseconds / 1000);
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > LIST_MAX) {
    throw new InvalidArgumentError(`Expected a number from 1 to ${LIST_MAX}.`);
  }
  return number;
}
