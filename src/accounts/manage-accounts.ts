import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Actor } from '../runtime/origin.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import {
  accountById,
  disableAccount,
  enableAccount,
  insertAccount,
  retiredAccount,
  setPasswordHash,
} from './account-queries.ts';
import { accountOf } from './account-row.ts';
import { AccountExists, InvalidAccount, type Accounts, type NewAccount } from './accounts.ts';
import type { SignInSettings } from './config.ts';
import { namesOf, newAccountId, readIdentity } from './new-account.ts';
import type { Passwords } from './passwords.ts';
import { passwordProblem } from './rules.ts';
import type { Throttle } from './throttle.ts';

export interface ManageAccountsOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly settings: SignInSettings;
  /** Takes back what a disabled account holds; without it, disabling only ends what is read anew. */
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
}

/** What operators, and later people themselves, do to accounts. */
export function manageAccounts(
  options: ManageAccountsOptions,
): Pick<Accounts, 'create' | 'setPassword' | 'disable' | 'enable'> {
  const { records, clock, passwords, settings } = options;
  const { queries } = records;

  return {
    async create(account, actor) {
      const identity = readIdentity(account, settings.password);
      await refuseRetired(records, account);
      const { password, passwordHash } = account;
      const now = clock.now();
      const row: AccountTable = {
        id: account.id ?? newAccountId(),
        ...identity,
        password_hash:
          password === undefined ? (passwordHash ?? null) : await passwords.hash(password),
        disabled_at: null,
        created_at: now,
        updated_at: now,
        source: actor.by,
      };
      await insertOnce(records, row);
      await record(options, { id: row.id, type: 'account.created', actor });
      return accountOf(row);
    },

    async setPassword(id, password, actor) {
      const row = await records.first(accountById(queries, id));
      if (row === undefined) return false;
      const { username, email } = accountOf(row);
      const problem = passwordProblem(password, settings.password, namesOf({ username, email }));
      if (problem !== undefined) throw new InvalidAccount([`password: ${problem}`]);
      await records.write(setPasswordHash(queries, id, await passwords.hash(password)));
      await takeBack(options, { id, type: 'account.password_set', actor });
      await forgive(options, row);
      return true;
    },

    async disable(id, actor) {
      const [written] = await records.write(disableAccount(queries, id, clock.now()));
      if (written?.rowsAffected !== 1) return false;
      await takeBack(options, { id, type: 'account.disabled', actor });
      return true;
    },

    async enable(id, actor) {
      const row = await records.first(accountById(queries, id));
      if (row === undefined) return false;
      await records.write(enableAccount(queries, id));
      await record(options, { id, type: 'account.enabled', actor });
      await forgive(options, row);
      return true;
    },
  };
}

interface Deed {
  readonly id: string;
  readonly type: Extract<AuditEvent['type'], `account.${string}`>;
  readonly actor: Actor;
}

/** After the record has changed, so that nothing is issued in between on the strength of the old one. */
async function takeBack(options: ManageAccountsOptions, deed: Deed): Promise<void> {
  const { id, type, actor } = deed;
  try {
    const what = { kind: 'account', accountId: id } as const;
    await options.revocation?.revoke(what, { reason: type, actor });
  } finally {
    // Whatever becomes of the revocation, that the record changed is told.
    await record(options, deed);
  }
}

async function record({ audit }: ManageAccountsOptions, { id, type, actor }: Deed): Promise<void> {
  await audit.record({ type, accountId: id, by: actor.by, origin: actor.origin });
}

async function forgive({ throttle }: ManageAccountsOptions, row: AccountTable): Promise<void> {
  await throttle.forgive([row.username_key, row.email_key].filter((key) => key !== null));
}

/** Ids that are drawn cannot come again; only one that is asked for might have been somebody's. */
async function refuseRetired(records: Records, { id }: NewAccount): Promise<void> {
  if (id === undefined) return;
  if ((await records.first(retiredAccount(records.queries, id))) !== undefined) {
    throw new AccountExists(`the id ${id} was an account's once and is never given again`);
  }
}

async function insertOnce(records: Records, row: AccountTable): Promise<void> {
  try {
    await records.write(insertAccount(records.queries, row));
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    throw new AccountExists('an account with this username, e-mail address or id exists already', {
      cause: error,
    });
  }
}
