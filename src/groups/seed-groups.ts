import type { Accounts } from '../accounts/accounts.ts';
import type { Actor } from '../runtime/origin.ts';
import type { GroupsOptions } from './changes.ts';
import { settle } from './changes.ts';
import { readDeclared } from './declared-rows.ts';
import { planGroups } from './plan-groups.ts';
import { allGroups, configuredMembers } from './group-queries.ts';
import { allRoles, configuredHolders } from './role-queries.ts';

export interface SeedGroupsOptions extends GroupsOptions {
  readonly accounts: Pick<Accounts, 'find' | 'findByLogin'>;
}

const CONFIGURATION: Actor = { by: 'config', origin: { address: 'config' } };

/**
 * Makes records agree with the groups and roles of the configuration: what is declared no more is removed, and lists
 * that it gives hold whom it names and nobody else. Comes after the people of the configuration.
 */
export async function seedGroups(options: SeedGroupsOptions): Promise<void> {
  const { records, declared } = options;
  const { queries } = records;
  const wanted = await readDeclared(options);
  const kept = {
    groups: await records.all(allGroups(queries)),
    members: await records.all(configuredMembers(queries, closedLists(declared.groups))),
    roles: await records.all(allRoles(queries)),
    holders: await records.all(configuredHolders(queries, closedLists(declared.roles))),
  };
  const changes = planGroups(wanted, kept, queries);
  if (changes.length === 0) return;
  await records.write(...changes.flatMap(({ statements }) => statements));
  for (const { deed } of changes)
    if (deed !== undefined) await settle(options, deed, CONFIGURATION);
}

/** The lists that the configuration gives, and that are changed there alone. */
function closedLists<One extends { readonly groups?: unknown; readonly people?: unknown }>(
  declared: readonly One[],
): { readonly people: readonly One[]; readonly groups: readonly One[] } {
  return {
    people: declared.filter(({ people }) => people !== undefined),
    groups: declared.filter(({ groups }) => groups !== undefined),
  };
}
