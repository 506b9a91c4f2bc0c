import type { Command } from 'commander';
import type { ListedLetter, MailAdministration } from '../mail/administration.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { instant, json, plain, table, type Output } from './output.ts';
import { CLI_ACTOR, withRooms } from './rooms.ts';
import { positiveCount } from './values.ts';

/** What the commands need of an installation, running or not. */
interface MailRooms {
  readonly mailAdministration: MailAdministration;
  close(): Promise<void>;
}

type Open = () => Promise<MailRooms & Output>;

interface Flags {
  readonly json?: true;
}

/** The mail server did not take the test letter. Told in full before this is thrown, so that the command fails. */
class NotTaken extends LatchkeyError {
  readonly code = 'ERR_LETTER_NOT_TAKEN';
}

/** Adds `mail list|retry|test`. */
export function registerMailCommands(program: Command, open: Open): void {
  const mail = program.command('mail').description('Letters to people.');
  mail
    .command('list')
    .description('Lists letters that wait, and for a while those that went; the newest first.')
    .option('--limit <count>', 'at most so many', positiveCount, 50)
    .option('--json', 'print JSON')
    .action((flags: Flags & { readonly limit: number }) =>
      withRooms(open, async ({ mailAdministration, print }) => {
        const letters = await mailAdministration.list(flags.limit);
        print(flags.json ? json(letters) : inColumns(letters));
      }),
    );
  mail
    .command('retry')
    .description('Has letters that wait tried at once.')
    .argument('[id]', 'of one letter; left out: all of them')
    .option('--json', 'print JSON')
    .action((id: string | undefined, flags: Flags) =>
      withRooms(open, async ({ mailAdministration, print }) => {
        const letters = await mailAdministration.retry(id, CLI_ACTOR);
        const told = `${letters} ${letters === 1 ? 'letter is' : 'letters are'} tried at once by a running node.`;
        print(flags.json ? json({ letters }) : told);
      }),
    );
  registerTest(mail, open);
}

function registerTest(mail: Command, open: Open): void {
  mail
    .command('test')
    .description(
      'Sends a letter by the mail server of the configuration, and says what it answered.',
    )
    .argument('<address>', 'where to')
    .option('--json', 'print JSON')
    .action((address: string, flags: Flags) =>
      withRooms(open, async ({ mailAdministration, print }) => {
        const carried = await mailAdministration.test(address, CLI_ACTOR);
        if (flags.json) print(json(carried));
        if (carried.kind !== 'taken')
          throw new NotTaken(
            `the mail server did not take the letter (${carried.code}): look at mail.smtp and mail.from`,
          );
        if (!flags.json) print(`The mail server took a letter to ${plain(address)}.`);
      }),
    );
}

function inColumns(letters: readonly ListedLetter[]): string {
  if (letters.length === 0) return 'No letters.';
  return table(
    ['ID', 'LETTER', 'TO', 'STATE', 'QUEUED', 'TRIES', 'NEXT TRY', 'ERROR'],
    letters.map(({ id, name, to, state, createdAt, tries, nextTryAt, error = '' }) => [
      id,
      name,
      to,
      state,
      instant(createdAt),
      String(tries),
      nextTryAt === undefined ? '' : instant(nextTryAt),
      error,
    ]),
  );
}
