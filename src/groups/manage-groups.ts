import { RecordConflict } from '../storage/records.ts';
import { losersAmong, refuseStranger, settle, type GroupsOptions } from './changes.ts';
import {
  allGroups,
  allNestings,
  deleteGroup,
  deleteMember,
  groupByName,
  insertGroup,
  insertMember,
  membersOf,
} from './group-queries.ts';
import {
  DeclaredGroup,
  GroupExists,
  InvalidGroup,
  type GroupContents,
  type Groups,
  type Holder,
} from './groups.ts';
import { isName, NAME_RULE } from './names.ts';
import { nestingProblem } from './nesting.ts';
import { columnsOf, groupOf } from './rows.ts';

/** What operators do to groups in records. */
export function manageGroups(
  options: GroupsOptions,
): Pick<Groups, 'list' | 'find' | 'create' | 'delete' | 'add' | 'remove'> {
  const { records, clock, declared } = options;
  const { queries } = records;
  const find = (name: string): Promise<GroupContents | undefined> => findGroup(options, name);

  return {
    find,
    list: async () => (await records.all(allGroups(queries))).map(groupOf),

    async create({ name, description = '' }, actor) {
      if (!isName(name)) throw new InvalidGroup(`name: ${NAME_RULE}`);
      if (declaredGroup(options, name)) throw new GroupExists(`the configuration declares ${name}`);
      const row = { name, description, source: 'cli', created_at: clock.now() };
      try {
        await records.write(...insertGroup(queries, row));
      } catch (error) {
        if (!(error instanceof RecordConflict)) throw error;
        throw new GroupExists(`a group ${name} exists already`, { cause: error });
      }
      await settle(options, { type: 'group.created', group: name }, actor);
      return groupOf(row);
    },

    async delete(name, actor, { endTokens = false } = {}) {
      if (declaredGroup(options, name)) throw changedElsewhere(name);
      const losers = endTokens ? await losersAmong(options, [{ kind: 'group', name }]) : [];
      const [written] = await records.write(...deleteGroup(queries, name));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'group.deleted', group: name }, actor, losers);
      return true;
    },

    async add(name, member, actor) {
      refuseClosed(declared, name, member);
      await refuseStranger(options, { kind: 'group', name });
      await refuseStranger(options, member);
      await refuseCircle(options, name, member);
      const link = { ...linkOf(name, member), source: 'cli' };
      const [written] = await records.write(insertMember(queries, link));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'group.member_added', ...told(name, member) }, actor);
      return true;
    },

    async remove(name, member, actor, { endTokens = false } = {}) {
      refuseClosed(declared, name, member);
      const losers = endTokens ? await losersAmong(options, [member]) : [];
      const [written] = await records.write(deleteMember(queries, linkOf(name, member)));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'group.member_removed', ...told(name, member) }, actor, losers);
      return true;
    },
  };
}

async function findGroup(
  { records }: GroupsOptions,
  name: string,
): Promise<GroupContents | undefined> {
  const { queries } = records;
  const row = await records.first(groupByName(queries, name));
  if (row === undefined) return undefined;
  const members = await records.all(membersOf(queries, name));
  const ids = (kind: 'account' | 'group'): readonly string[] =>
    members.filter((one) => one.member_kind === kind).map((one) => one.member_id);
  return { group: groupOf(row), groups: ids('group'), people: ids('account') };
}

/** Two changes at once may still make a circle, which every reader goes round but once. */
async function refuseCircle(
  { records }: GroupsOptions,
  outer: string,
  member: Holder,
): Promise<void> {
  if (member.kind === 'account') return;
  const nestings = await records.all(allNestings(records.queries));
  const problem = nestingProblem(nestings, { inner: member.name, outer });
  if (problem !== undefined) throw new InvalidGroup(problem);
}

function declaredGroup({ declared }: GroupsOptions, name: string): boolean {
  return declared.groups.some((one) => one.name === name);
}

/** A list that the configuration gives is changed there alone; one that it leaves out is open. */
function refuseClosed({ groups }: GroupsOptions['declared'], name: string, member: Holder): void {
  const one = groups.find((group) => group.name === name);
  if (one?.[member.kind === 'account' ? 'people' : 'groups'] !== undefined)
    throw changedElsewhere(name);
}

function changedElsewhere(name: string): DeclaredGroup {
  return new DeclaredGroup(`the configuration declares the group ${name}: change it there`);
}

function linkOf(
  name: string,
  member: Holder,
): { group_name: string; member_kind: 'account' | 'group'; member_id: string } {
  const { kind, id } = columnsOf(member);
  return { group_name: name, member_kind: kind, member_id: id };
}

function told(
  group: string,
  member: Holder,
): { readonly group: string; readonly accountId?: string; readonly member?: string } {
  return member.kind === 'account'
    ? { group, accountId: member.id }
    : { group, member: member.name };
}
