import type { Command } from 'commander';
import type { JsonObject } from '../runtime/json.ts';
import { done, findPerson, result, shown, stateOf } from './find-person.ts';
import { registerDelete } from './delete-person.ts';
import { registerExport } from './export-people.ts';
import { registerImport } from './import-people.ts';
import { registerInvite } from './invite-person.ts';
import { instant, json, plain, table } from './output.ts';
import { readPassword, type PasswordInput } from './password.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { registerFactors } from './person-factors.ts';
import { registerReset } from './reset-person.ts';
import { registerShow } from './show-person.ts';
import { registerSwitches } from './switch-person.ts';
import { CLI_ACTOR, withRooms, type CommandRooms, type OpenRooms } from './rooms.ts';
import { jsonObject, positiveCount, UnfitOptions } from './values.ts';

interface CreateFlags {
  readonly email?: string;
  readonly username?: string;
  readonly emailVerified?: true;
  readonly owner?: true;
  readonly claims?: JsonObject;
  readonly attributes?: JsonObject;
  /** False by `--no-password`. */
  readonly password: boolean;
  readonly json?: true;
}

interface ListFlags {
  readonly after?: string;
  readonly limit: number;
  readonly json?: true;
}

interface Flags {
  readonly json?: true;
}

/** Adds the commands about people, and gives `person`. */
export function registerPersonCommands(
  program: Command,
  open: OpenRooms<PeopleRooms>,
  input: PasswordInput,
): Command {
  const person = program.command('person').description('People who may sign in.');
  registerCreate(person, open, input);
  person
    .command('list')
    .description('Lists people, in the order of their ids.')
    .option('--limit <count>', 'at most so many', positiveCount, 100)
    .option('--after <id>', 'those whose id comes after this one')
    .option('--json', 'print JSON')
    .action((flags: ListFlags) => withRooms(open, (rooms) => list(rooms, flags)));
  person
    .command('set-password')
    .description('Sets a password, read from the terminal or standard input.')
    .argument('<person>', 'id, e-mail address or username')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const account = await findPerson(rooms.accounts, who);
        const password = await readPassword(input, rooms);
        await done(rooms.accounts.setPassword(account.id, password, CLI_ACTOR), who);
        rooms.print(await result(rooms, account.id, flags, 'has a new password'));
      }),
    );
  registerSwitches(person, open);
  registerShow(person, open);
  registerFactors(person, open);
  registerReset(person, open);
  registerDelete(person, open);
  registerInvite(person, open);
  registerImport(person, open, input);
  registerExport(person, open);
  return person;
}

function registerCreate(person: Command, open: OpenRooms, input: PasswordInput): void {
  person
    .command('create')
    .description('Creates a person; the password is read from the terminal or standard input.')
    .option('--email <address>', 'e-mail address to sign in with')
    .option('--email-verified', 'the address is known to be theirs')
    .option('--username <name>', 'name to sign in with')
    .option('--owner', 'owns this installation: cannot delete their account at the account page')
    .option('--claims <json>', 'standard claims: {"given_name":"Ada"}', jsonObject)
    .option('--attributes <json>', 'attributes: {"roles":["admin"]}', jsonObject)
    .option('--no-password', 'create them without a password')
    .option('--json', 'print JSON')
    .action(async (flags: CreateFlags) => {
      if (flags.email === undefined && flags.username === undefined) {
        throw new UnfitOptions('Give --email or --username to sign in with.');
      }
      await withRooms(open, async (rooms) => {
        const { json: _json, password, ...account } = flags;
        const { id } = await rooms.accounts.create(
          { ...account, ...(password && { password: await readPassword(input, rooms) }) },
          CLI_ACTOR,
        );
        rooms.print(await result(rooms, id, flags, 'was created'));
      });
    });
}

async function list(
  rooms: CommandRooms & { print(text: string): void },
  flags: ListFlags,
): Promise<void> {
  const { limit, after } = flags;
  const people = await rooms.accounts.list({ limit, after });
  if (flags.json) {
    rooms.print(json(people.map(shown)));
    return;
  }
  const rows = people.map((one) => [
    one.id,
    one.email ?? '',
    one.username ?? '',
    stateOf(one),
    instant(one.createdAt),
  ]);
  rooms.print(table(['ID', 'E-MAIL', 'USERNAME', 'STATE', 'CREATED'], rows));
  const last = people.at(-1);
  if (people.length === limit && last) rooms.print(`\nMore: --after ${plain(last.id)}`);
}
