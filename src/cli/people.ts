import type { Command } from 'commander';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import { fields, instant, json, plain, table } from './output.ts';
import { readPassword, type PasswordInput } from './password.ts';
import { CLI_ACTOR, withRooms, type CommandRooms, type OpenRooms } from './rooms.ts';
import { jsonObject, positiveCount, UnfitOptions } from './values.ts';

/** Nobody has this id, e-mail address or username. */
class NoSuchPerson extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_PERSON';
}

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

/** Adds `person create|list|set-password|disable|enable`, and gives `person`. */
export function registerPersonCommands(
  program: Command,
  open: OpenRooms,
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
  registerSwitch(person, open, 'disable');
  registerSwitch(person, open, 'enable');
  return person;
}

function registerCreate(person: Command, open: OpenRooms, input: PasswordInput): void {
  person
    .command('create')
    .description('Creates a person; the password is read from the terminal or standard input.')
    .option('--email <address>', 'e-mail address to sign in with')
    .option('--email-verified', 'the address is known to be theirs')
    .option('--username <name>', 'name to sign in with')
    .option('--owner', 'may use the console of this installation')
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

function registerSwitch(person: Command, open: OpenRooms, verb: 'disable' | 'enable'): void {
  const isDisabling = verb === 'disable';
  person
    .command(verb)
    .description(
      isDisabling
        ? 'Ends every session and token of a person and keeps them from signing in.'
        : 'Lets a disabled person sign in again.',
    )
    .argument('<person>', 'id, e-mail address or username')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const account = await findPerson(rooms.accounts, who);
        await done(rooms.accounts[verb](account.id, CLI_ACTOR), who);
        const what = isDisabling ? 'is disabled on every node' : 'may sign in again';
        rooms.print(await result(rooms, account.id, flags, what));
      }),
    );
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

/** The person with this id, e-mail address or username. @throws {NoSuchPerson} */
export async function findPerson(accounts: Accounts, who: string): Promise<Account> {
  const account = (await accounts.find(who)) ?? (await accounts.findByLogin(who));
  if (account) return account;
  throw new NoSuchPerson(
    `nobody has the id, e-mail address or username "${plain(who)}": see latchkey person list`,
  );
}

async function done(change: Promise<boolean>, who: string): Promise<void> {
  if (await change) return;
  throw new NoSuchPerson(`"${plain(who)}" was deleted meanwhile: nothing was changed`);
}

/** What the person is now: read again, since a change gives only a yes. */
async function result(
  { accounts }: CommandRooms,
  id: string,
  flags: Flags,
  what: string,
): Promise<string> {
  const account = await accounts.find(id);
  if (!account) throw new NoSuchPerson(`${plain(id)} was deleted meanwhile`);
  if (flags.json) return json(shown(account));
  const name = account.email ?? account.username ?? account.id;
  return `${plain(name)} ${what}.\n\n${fields([
    ['id', account.id],
    ['e-mail', account.email],
    ['username', account.username],
    ['state', stateOf(account)],
    ['created', instant(account.createdAt)],
  ])}`;
}

function stateOf({ state, owner }: Account): string {
  if (state !== 'active') return state;
  return owner ? 'owner' : 'active';
}

/** Named one by one, so that a field that comes later is not printed by accident. */
function shown(account: Account): JsonObject {
  return {
    id: account.id,
    email: account.email ?? null,
    emailVerified: account.emailVerified,
    username: account.username ?? null,
    owner: account.owner,
    state: account.state,
    claims: account.claims,
    attributes: account.attributes,
    createdAt: account.createdAt,
    updatedAt: account.updatedAt,
  };
}
