import type { Command } from 'commander';
import { done, findPerson, nameOf } from './find-person.ts';
import { json, plain } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';
import { UnfitOptions } from './values.ts';

interface Flags {
  readonly yes?: true;
  readonly json?: true;
}

/** Adds `person delete`. */
export function registerDelete(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('delete')
    .description('Deletes a person for good, with all that hangs on them; the audit stays.')
    .argument('<person>', 'id, e-mail address or username')
    .option('--yes', 'really')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const account = await findPerson(rooms.accounts, who);
        const name = plain(nameOf(account));
        if (flags.yes !== true) {
          throw new UnfitOptions(
            `There is no way back for ${name} (${plain(account.id)}): add --yes. To keep somebody out for a while there is person disable.`,
          );
        }
        await done(rooms.accounts.delete(account.id, CLI_ACTOR), who);
        rooms.print(
          flags.json ? json({ deleted: account.id }) : `${name} is deleted on every node.`,
        );
      }),
    );
}
