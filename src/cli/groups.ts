import type { Command } from 'commander';
import type { Group } from '../groups/groups.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import {
  changeEach,
  holdersNamed,
  holdersTable,
  withHolders,
  withRevoke,
  type GroupRooms,
  type HolderFlags,
} from './holders.ts';
import { fields, instant, json, plain, table, type Output } from './output.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';

/** There is no group of this name. */
class NoSuchGroup extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_GROUP';
}

interface Flags {
  readonly json?: true;
}

interface CreateFlags extends Flags {
  readonly description?: string;
}

interface DeleteFlags extends Flags {
  readonly revoke?: true;
}

type Opened = GroupRooms & Output;

/** Adds `group create|list|show|delete|add|remove`. */
export function registerGroupCommands(program: Command, open: OpenRooms<GroupRooms>): void {
  const group = program.command('group').description('Groups of people, and of groups.');
  const add = (name: string, description: string): Command =>
    group.command(name).description(description).argument('<group>');
  const run = (work: (rooms: Opened) => Promise<void>): Promise<void> => withRooms(open, work);

  add('create', 'Creates a group.')
    .option('--description <text>', 'for operators')
    .option('--json', 'print JSON')
    .action((name: string, flags: CreateFlags) => run((rooms) => create(rooms, name, flags)));
  group
    .command('list')
    .description('Lists groups, those of the configuration too.')
    .option('--json', 'print JSON')
    .action((flags: Flags) => run((rooms) => list(rooms, flags)));
  add('show', 'Shows a group and who is in it directly.')
    .option('--json', 'print JSON')
    .action((name: string, flags: Flags) => run((rooms) => show(rooms, name, flags)));
  withRevoke(add('delete', 'Deletes a group; whoever is in it is not.'))
    .option('--json', 'print JSON')
    .action((name: string, flags: DeleteFlags) => run((rooms) => remove(rooms, name, flags)));
  withHolders(add('add', 'Adds people and groups to a group.')).action(
    (name: string, flags: HolderFlags) => run((rooms) => addMembers(rooms, name, flags)),
  );
  withRevoke(withHolders(add('remove', 'Takes people and groups out of a group.'))).action(
    (name: string, flags: HolderFlags) => run((rooms) => removeMembers(rooms, name, flags)),
  );
}

async function create({ groups, print }: Opened, name: string, flags: CreateFlags): Promise<void> {
  const group = await groups.create({ name, description: flags.description }, CLI_ACTOR);
  print(flags.json ? json(shown(group)) : `${plain(name)} was created.`);
}

async function list({ groups, print }: Opened, flags: Flags): Promise<void> {
  const found = await groups.list();
  if (flags.json) {
    print(json(found.map(shown)));
    return;
  }
  const rows = found.map((one) => [
    one.name,
    one.description ?? '',
    one.source,
    instant(one.createdAt),
  ]);
  print(table(['NAME', 'DESCRIPTION', 'FROM', 'CREATED'], rows));
}

async function show(
  { groups, accounts, print }: Opened,
  name: string,
  flags: Flags,
): Promise<void> {
  const found = await groups.find(name);
  if (found === undefined) throw noSuchGroup(name);
  const { group, groups: inside, people } = found;
  if (flags.json) {
    print(json({ ...shown(group), groups: inside, people }));
    return;
  }
  const text = fields([
    ['name', group.name],
    ['description', group.description],
    ['from', group.source],
    ['created', instant(group.createdAt)],
  ]);
  print(`${text}${await holdersTable(accounts, { groups: inside, people })}`);
}

async function remove({ groups, print }: Opened, name: string, flags: DeleteFlags): Promise<void> {
  const options = { endTokens: flags.revoke === true };
  if (!(await groups.delete(name, CLI_ACTOR, options))) throw noSuchGroup(name);
  print(flags.json ? json({ name, deleted: true }) : `${plain(name)} was deleted.`);
}

async function addMembers(rooms: Opened, name: string, flags: HolderFlags): Promise<void> {
  await changeEach(rooms, await holdersNamed(rooms, flags), {
    isJson: flags.json === true,
    change: (member) => rooms.groups.add(name, member, CLI_ACTOR),
    words: (isNew) => (isNew ? `is in ${plain(name)} now` : `was in ${plain(name)} already`),
  });
}

async function removeMembers(rooms: Opened, name: string, flags: HolderFlags): Promise<void> {
  const options = { endTokens: flags.revoke === true };
  await changeEach(rooms, await holdersNamed(rooms, flags), {
    isJson: flags.json === true,
    change: (member) => rooms.groups.remove(name, member, CLI_ACTOR, options),
    words: (wasIn) => (wasIn ? `is in ${plain(name)} no more` : `was not in ${plain(name)}`),
  });
}

function noSuchGroup(name: string): LatchkeyError {
  return new NoSuchGroup(`there is no group "${plain(name)}": see latchkey group list`);
}

function shown({ name, description, source, createdAt }: Group): JsonObject {
  return { name, description: description ?? null, source, createdAt };
}
