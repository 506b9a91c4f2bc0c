import type { Command } from 'commander';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { shown } from './find-person.ts';
import { jsonLine, type Output } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { withRooms, type OpenRooms } from './rooms.ts';

const PAGE = 500;

/** Adds `person export`. */
export function registerExport(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('export')
    .description('Prints everybody, one JSON object a line, without passwords.')
    .action(() => withRooms(open, exportPeople));
}

async function exportPeople({ accounts, print }: PeopleRooms & Output): Promise<void> {
  for await (const account of everybody(accounts)) print(jsonLine(shown(account)));
}

async function* everybody(accounts: Accounts): AsyncGenerator<Account> {
  for (let after: string | undefined; ;) {
    const page = await accounts.list({ after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}
