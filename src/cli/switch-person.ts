import type { Command } from 'commander';
import type { Accounts } from '../accounts/accounts.ts';
import { done, findPerson, result } from './find-person.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';
import { moment } from './values.ts';

interface Flags {
  readonly json?: true;
}

type Verb = 'disable' | 'enable' | 'lock' | 'unlock';

const SWITCHES: Readonly<Record<Verb, { readonly description: string; readonly what: string }>> = {
  disable: {
    description: 'Ends every session and token of a person and keeps them from signing in.',
    what: 'is disabled on every node',
  },
  enable: { description: 'Lets a disabled person sign in again.', what: 'may sign in again' },
  lock: {
    description: 'Ends every session and token, and lets a person in again only by recovery.',
    what: 'is locked on every node',
  },
  unlock: { description: 'Lets a locked person sign in again as before.', what: 'is unlocked' },
};

/** Adds `person disable|enable|lock|unlock|expire`. */
export function registerSwitches(person: Command, open: OpenRooms<PeopleRooms>): void {
  const verbs: readonly Verb[] = ['disable', 'enable', 'lock', 'unlock'];
  for (const verb of verbs) {
    const { description, what } = SWITCHES[verb];
    changing(person.command(verb).description(description)).action((who: string, flags: Flags) =>
      change(open, { who, flags, what, make: (accounts, id) => accounts[verb](id, CLI_ACTOR) }),
    );
  }
  changing(person.command('expire'))
    .description('Sets when an account expires: from then on it is refused everywhere.')
    .argument('<when>', 'a time such as 2027-01-31T12:00:00Z, or "never"', moment)
    .action((who: string, when: number | undefined, flags: Flags) =>
      change(open, {
        who,
        flags,
        what: when === undefined ? 'never expires' : 'expires as told',
        make: (accounts, id) => accounts.setExpiry(id, when, CLI_ACTOR),
      }),
    );
}

function changing(command: Command): Command {
  return command
    .argument('<person>', 'id, e-mail address or username')
    .option('--json', 'print JSON');
}

async function change(
  open: OpenRooms<PeopleRooms>,
  asked: {
    readonly who: string;
    readonly flags: Flags;
    readonly what: string;
    make(accounts: Accounts, id: string): Promise<boolean>;
  },
): Promise<void> {
  const { who, flags, what, make } = asked;
  await withRooms(open, async (rooms) => {
    const { id } = await findPerson(rooms.accounts, who);
    await done(make(rooms.accounts, id), who);
    rooms.print(await result(rooms, id, flags, what));
  });
}
