import type { Command } from 'commander';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { shown } from './find-person.ts';
import { jsonLine, type Output } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';
import { keptRole } from './values.ts';

interface Flags {
  readonly withHashes?: true;
}

const PAGE = 500;
const STAY = 'Passkeys, authenticator apps and recovery codes stay here';
const WITHOUT = `${STAY}, and so do passwords: --with-hashes prints their hashes, for moving away.`;
const WITH_HASHES = `${STAY}. Whoever has what was printed can guess at every password: delete it when it was carried over.`;

/** Adds `person export`. */
export function registerExport(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('export')
    .description('Prints everybody, one JSON object a line, without anything to sign in with.')
    .option('--with-hashes', 'with the hashes of passwords: keep what is printed as you keep a key')
    .action((flags: Flags) => withRooms(open, (rooms) => exportPeople(rooms, flags)));
}

async function exportPeople(rooms: PeopleRooms & Output, { withHashes }: Flags): Promise<void> {
  const { accounts, groups, audit, print, printError } = rooms;
  const { by, origin } = CLI_ACTOR;
  if (withHashes) await audit.record({ type: 'account.hashes_exported', by, origin });
  for await (const account of everybody(accounts)) {
    const held = (await groups.held(account.id)).direct();
    const hash = withHashes
      ? { passwordHash: (await accounts.passwordHash(account.id)) ?? null }
      : {};
    print(
      jsonLine({
        ...shown(account),
        ...hash,
        groups: held.groups,
        roles: held.roles.map(keptRole),
        permissions: held.permissions,
      }),
    );
  }
  printError(withHashes ? WITH_HASHES : WITHOUT);
}

async function* everybody(accounts: Accounts): AsyncGenerator<Account> {
  for (let after: string | undefined; ;) {
    const page = await accounts.list({ after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}
