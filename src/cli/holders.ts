import type { Command } from 'commander';
import type { Accounts } from '../accounts/accounts.ts';
import type { Groups, Holder, Member } from '../groups/groups.ts';
import type { JsonObject } from '../runtime/json.ts';
import { json, plain, table, type Output } from './output.ts';
import { findPerson } from './find-person.ts';
import type { CommandRooms } from './rooms.ts';
import { UnfitOptions } from './values.ts';

/** What commands about groups and roles need of an installation, running or not. */
export interface GroupRooms extends CommandRooms {
  readonly groups: Groups;
}

/** Who is meant. */
export interface HolderFlags {
  readonly person?: readonly string[];
  readonly group?: readonly string[];
  readonly revoke?: true;
  readonly json?: true;
}

/** A person or a group of the command line, with the words it was named by. */
export interface Named {
  readonly words: string;
  readonly holder: Holder;
}

/** Adds the options by which people and groups are named. */
export function withHolders(command: Command): Command {
  return command
    .option('--person <person...>', 'people, each by id, e-mail address or username')
    .option('--group <name...>', 'groups')
    .option('--json', 'print JSON');
}

/** Adds the option that ends what was issued before. */
export function withRevoke(command: Command): Command {
  return command.option(
    '--revoke',
    'end every session and token of those who lose by it; left out: their next token shows it',
  );
}

/** Everybody whom the options name; nobody is changed before all are found. @throws {UnfitOptions} {NoSuchPerson} */
export async function holdersNamed(
  { accounts }: Pick<CommandRooms, 'accounts'>,
  { person = [], group = [] }: HolderFlags,
): Promise<readonly Named[]> {
  if (person.length + group.length === 0)
    throw new UnfitOptions('Say who: --person, --group, or both.');
  const people = await Promise.all(
    person.map(async (words): Promise<Named> => {
      const { id } = await findPerson(accounts, words);
      return { words, holder: { kind: 'account', id } };
    }),
  );
  return [
    ...people,
    ...group.map((name): Named => ({ words: name, holder: { kind: 'group', name } })),
  ];
}

/** Does `change` for each in turn, and prints what came of it: in words by `words`. */
export async function changeEach(
  { print }: Pick<Output, 'print'>,
  holders: readonly Named[],
  options: {
    readonly isJson: boolean;
    readonly change: (holder: Holder) => Promise<boolean>;
    readonly words: (isChanged: boolean) => string;
  },
): Promise<void> {
  const done: JsonObject[] = [];
  for (const { words, holder } of holders) {
    const isChanged = await options.change(holder);
    done.push({ ...holder, changed: isChanged });
    if (!options.isJson) print(`${plain(words)} ${options.words(isChanged)}.`);
  }
  if (options.isJson) print(json(done));
}

/** The groups, then the people, of a group or a role, as a table; empty: nobody. */
export async function holdersTable(
  accounts: Accounts,
  {
    groups,
    people,
    members = [],
  }: {
    readonly groups: readonly string[];
    readonly people: readonly string[];
    /** Who holds it in the name of an organization. */
    readonly members?: readonly Member[];
  },
): Promise<string> {
  const row = async (kind: string, id: string): Promise<readonly string[]> => {
    const account = await accounts.find(id);
    return [kind, account?.email ?? account?.username ?? '', id];
  };
  const named = await Promise.all([
    ...people.map((id) => row('person', id)),
    ...members.map(({ id, organization }) => row(`in ${organization}`, id)),
  ]);
  const rows = [...groups.map((name) => ['group', name, '']), ...named];
  return rows.length === 0 ? '' : `\n\n${table(['KIND', 'NAME', 'ID'], rows)}`;
}
