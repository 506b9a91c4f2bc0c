import type { Accounts } from '../accounts/accounts.ts';
import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { ResourceServers } from '../clients/clients.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Records } from '../storage/records.ts';
import type { DeclaredGroupSettings, DeclaredRoleSettings } from './config.ts';
import { groupByName, peopleWithin } from './group-queries.ts';
import { InvalidGroup, type Holder, type Member } from './groups.ts';

export interface GroupsOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly resourceServers: ResourceServers;
  /** Ends what those hold who lose something, where that is asked for. */
  readonly revocation: Pick<Revocation, 'revoke'>;
  /** Those of the configuration. */
  readonly declared: {
    readonly groups: readonly DeclaredGroupSettings[];
    readonly roles: readonly DeclaredRoleSettings[];
  };
}

type Deed = Extract<
  AuditEvent,
  { type: `group.${string}` | `permission.${string}` | `role.${string}` }
>;
/** What happened, without who did it. */
export type DeedOf<One> = One extends Deed ? Omit<One, 'by' | 'origin'> : never;

/** More people are not signed out one by one. */
const LOSERS_MAX = 1000;

/** @throws {InvalidGroup} when the account or the group is not there. */
export async function refuseStranger(
  options: GroupsOptions,
  holder: Holder | Member,
): Promise<void> {
  const { accounts, records } = options;
  const found =
    holder.kind === 'group'
      ? await records.first(groupByName(records.queries, holder.name))
      : await accounts.find(holder.id);
  if (found !== undefined) return;
  const who = holder.kind === 'group' ? `group ${holder.name}` : `account ${holder.id}`;
  throw new InvalidGroup(`there is no ${who}`);
}

/** The ids of all who hold what `holders` hold. @throws {InvalidGroup} when they are too many to be signed out. */
export async function losersAmong(
  { records }: GroupsOptions,
  holders: readonly (Holder | Member)[],
): Promise<readonly string[]> {
  const losers = new Set<string>();
  for (const holder of holders) {
    if (holder.kind !== 'group') losers.add(holder.id);
    else {
      const query = peopleWithin(records.queries, holder.name, LOSERS_MAX + 1);
      for (const { id } of await records.all(query)) losers.add(id);
    }
    if (losers.size > LOSERS_MAX)
      throw new InvalidGroup(
        `more than ${LOSERS_MAX} people would be signed out: change it without ending tokens, then end those issued before now`,
      );
  }
  return [...losers];
}

/** After the record has changed: it is put on record, and what the losers hold is taken back. */
export async function settle(
  { audit, revocation }: GroupsOptions,
  deed: DeedOf<Deed>,
  actor: Actor,
  losers: readonly string[] = [],
): Promise<void> {
  const outcomes = await Promise.allSettled([
    audit.record({ ...deed, by: actor.by, origin: actor.origin }),
    ...losers.map((accountId) =>
      revocation.revoke({ kind: 'account', accountId }, { reason: deed.type, actor }),
    ),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
