import type { Command } from 'commander';
import type { Role, RoleKey } from '../groups/groups.ts';
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
import { UnfitOptions } from './values.ts';

/** There is no role of this name. */
class NoSuchRole extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_ROLE';
}

interface Flags {
  readonly api?: string;
  readonly json?: true;
}

interface CreateFlags extends Flags {
  readonly description?: string;
  readonly permission?: readonly string[];
}

interface DeleteFlags extends Flags {
  readonly revoke?: true;
}

interface EditFlags extends DeleteFlags {
  readonly permit?: readonly string[];
  readonly forbid?: readonly string[];
}

type GiveFlags = Flags & HolderFlags;
type Opened = GroupRooms & Output;

/** Adds `role create|list|show|edit|delete|give|take`. */
export function registerRoleCommands(program: Command, open: OpenRooms<GroupRooms>): void {
  const role = program
    .command('role')
    .description('What people and groups may do, under one name, at an API or everywhere.');
  const add = (name: string, description: string): Command =>
    role
      .command(name)
      .description(description)
      .argument('<role>')
      .option('--api <identifier>', 'the API it belongs to; left out: a role of the installation');
  const run = (work: (rooms: Opened) => Promise<void>): Promise<void> => withRooms(open, work);

  add('create', 'Creates a role.')
    .option('--permission <name...>', 'what it permits: scopes or permissions of its API')
    .option('--description <text>', 'for operators')
    .option('--json', 'print JSON')
    .action((name: string, flags: CreateFlags) => run((rooms) => create(rooms, name, flags)));
  role
    .command('list')
    .description('Lists roles, those of the configuration too.')
    .option('--json', 'print JSON')
    .action((flags: Flags) => run((rooms) => list(rooms, flags)));
  add('show', 'Shows a role and who holds it directly.')
    .option('--json', 'print JSON')
    .action((name: string, flags: Flags) => run((rooms) => show(rooms, name, flags)));
  withRevoke(add('edit', 'Changes what a role permits, for all who hold it.'))
    .option('--permit <name...>', 'what it permits, too')
    .option('--forbid <name...>', 'what it permits no more')
    .option('--json', 'print JSON')
    .action((name: string, flags: EditFlags) => run((rooms) => edit(rooms, name, flags)));
  withRevoke(add('delete', 'Deletes a role; nobody holds it any more.'))
    .option('--json', 'print JSON')
    .action((name: string, flags: DeleteFlags) => run((rooms) => remove(rooms, name, flags)));
  withHolders(add('give', 'Gives a role to people and groups.')).action(
    (name: string, flags: GiveFlags) => run((rooms) => give(rooms, name, flags)),
  );
  withRevoke(withHolders(add('take', 'Takes a role from people and groups.'))).action(
    (name: string, flags: GiveFlags) => run((rooms) => take(rooms, name, flags)),
  );
}

async function create({ groups, print }: Opened, name: string, flags: CreateFlags): Promise<void> {
  const { api, description, permission: permissions = [] } = flags;
  const role = await groups.roles.create({ api, name, description, permissions }, CLI_ACTOR);
  print(flags.json ? json(shown(role)) : `${inWords(role)} was created.`);
}

async function list({ groups, print }: Opened, flags: Flags): Promise<void> {
  const found = await groups.roles.list();
  if (flags.json) {
    print(json(found.map(shown)));
    return;
  }
  const rows = found.map((one) => [
    one.name,
    one.api ?? '',
    one.permissions.join(' '),
    one.source,
    instant(one.createdAt),
  ]);
  print(table(['NAME', 'API', 'PERMISSIONS', 'FROM', 'CREATED'], rows));
}

async function show(
  { groups, accounts, print }: Opened,
  name: string,
  flags: Flags,
): Promise<void> {
  const key = { api: flags.api, name };
  const found = await groups.roles.find(key);
  if (found === undefined) throw noSuchRole(key);
  const { role, groups: holding, people, members } = found;
  if (flags.json) {
    const inOrganizations = members.map(({ id, organization }) => ({ id, organization }));
    print(json({ ...shown(role), groups: holding, people, members: inOrganizations }));
    return;
  }
  const text = fields([
    ['name', role.name],
    ['api', role.api],
    ['description', role.description],
    ['permissions', role.permissions.join(' ')],
    ['from', role.source],
    ['created', instant(role.createdAt)],
  ]);
  print(`${text}${await holdersTable(accounts, { groups: holding, people, members })}`);
}

async function edit({ groups, print }: Opened, name: string, flags: EditFlags): Promise<void> {
  const { api, permit = [], forbid = [] } = flags;
  if (permit.length + forbid.length === 0)
    throw new UnfitOptions('Say what changes: --permit, --forbid, or both.');
  const key = { api, name };
  const options = { endTokens: flags.revoke === true };
  const role = await groups.roles.edit(key, { permit, forbid }, CLI_ACTOR, options);
  if (role === undefined) throw noSuchRole(key);
  const permits = plain(role.permissions.join(' ')) || 'nothing';
  print(flags.json ? json(shown(role)) : `${inWords(role)} permits now: ${permits}.`);
}

async function remove({ groups, print }: Opened, name: string, flags: DeleteFlags): Promise<void> {
  const key = { api: flags.api, name };
  const options = { endTokens: flags.revoke === true };
  if (!(await groups.roles.delete(key, CLI_ACTOR, options))) throw noSuchRole(key);
  const { api = null } = flags;
  print(flags.json ? json({ api, name, deleted: true }) : `${inWords(key)} was deleted.`);
}

async function give(rooms: Opened, name: string, flags: GiveFlags): Promise<void> {
  const key = { api: flags.api, name };
  await changeEach(rooms, await holdersNamed(rooms, flags), {
    isJson: flags.json === true,
    change: (holder) => rooms.groups.roles.give(key, holder, CLI_ACTOR),
    words: (isNew) =>
      `${isNew ? 'has' : 'had'} the role ${inWords(key)} ${isNew ? 'now' : 'already'}`,
  });
}

async function take(rooms: Opened, name: string, flags: GiveFlags): Promise<void> {
  const key = { api: flags.api, name };
  const options = { endTokens: flags.revoke === true };
  await changeEach(rooms, await holdersNamed(rooms, flags), {
    isJson: flags.json === true,
    change: (holder) => rooms.groups.roles.take(key, holder, CLI_ACTOR, options),
    words: (hadIt) =>
      hadIt ? `has the role ${inWords(key)} no more` : `did not have the role ${inWords(key)}`,
  });
}

function noSuchRole(key: RoleKey): LatchkeyError {
  return new NoSuchRole(`there is no role "${inWords(key)}": see latchkey role list`);
}

function inWords({ api, name }: RoleKey): string {
  return plain(api === undefined ? name : `${name} of ${api}`);
}

function shown({ api, name, description, permissions, source, createdAt }: Role): JsonObject {
  return {
    api: api ?? null,
    name,
    description: description ?? null,
    permissions,
    source,
    createdAt,
  };
}
