import type { Account, Accounts } from '../../../src/accounts/accounts.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import { apisConfig } from '../../../src/clients/config.ts';
import { createResourceServers } from '../../../src/clients/resource-servers.ts';
import { groupsConfig, rolesConfig } from '../../../src/groups/config.ts';
import { createGroups } from '../../../src/groups/create-groups.ts';
import type { Groups } from '../../../src/groups/groups.ts';
import { seedGroups } from '../../../src/groups/seed-groups.ts';
import type { Records } from '../../../src/storage/records.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger, type LogLine } from '../../support/recording-logger.ts';

export const ACTOR = { by: 'test', origin: { address: 'test' } };
export const API = 'https://api.example.com';

const APIS = [
  {
    identifier: API,
    name: 'Messages',
    scopes: { 'read:messages': 'Read' },
    permissions: { 'delete:messages': 'Delete' },
  },
  { identifier: 'https://other.example.com', name: 'Other', scopes: { read: 'Read' } },
];

/** Groups over given records, with the people `acct-alice` and so on. */
export interface Room {
  readonly groups: Groups;
  readonly lines: LogLine[];
  /** Accounts whose tokens were ended, in order. */
  readonly ended: string[];
  /** The same over another configuration, as a node that starts with it. */
  seed(declared: { groups?: readonly object[]; roles?: readonly object[] }): Promise<Groups>;
  events(): Promise<readonly Record<string, unknown>[]>;
}

/** `apis`: those of the configuration. */
export function openRoom(records: Records, apis: readonly object[] = APIS): Room {
  const clock = createFakeClock();
  const { logger, lines } = createRecordingLogger();
  const audit = createAudit({
    records,
    clock,
    logger,
    node: 'one',
    settings: auditConfig.parse({}),
  });
  const ended: string[] = [];
  const base = {
    records,
    audit,
    clock,
    logger,
    accounts: PEOPLE,
    resourceServers: createResourceServers(apisConfig.parse(apis)),
    revocation: {
      async revoke(what: { readonly kind: string; readonly accountId?: string }) {
        if (what.accountId !== undefined) ended.push(what.accountId);
        return { number: ended.length, durableAt: clock.now() };
      },
    },
  };
  return {
    groups: createGroups({ ...base, declared: { groups: [], roles: [] } }),
    lines,
    ended,
    async seed({ groups = [], roles = [] }) {
      const declared = { groups: groupsConfig.parse(groups), roles: rolesConfig.parse(roles) };
      await seedGroups({ ...base, declared });
      return createGroups({ ...base, declared });
    },
    async events() {
      await audit.flush();
      const listed = await listAudit(records, { limit: 1000 });
      return listed
        .toSorted((left, right) => left.number - right.number)
        .map(({ event }) => ({ ...Object(event) }));
    },
  };
}

const NAMES = ['alice', 'bob', 'carol'];

/** Three people who are there, with ids like `acct-alice`. */
const PEOPLE: Pick<Accounts, 'find' | 'findByLogin'> = {
  find: async (id) => (NAMES.some((name) => id === `acct-${name}`) ? accountOf(id) : undefined),
  findByLogin: async (login) => (NAMES.includes(login) ? accountOf(`acct-${login}`) : undefined),
};

function accountOf(id: string): Account {
  const account: Partial<Account> = { id };
  return account as Account;
}
