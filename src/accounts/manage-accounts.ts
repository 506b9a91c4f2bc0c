import { RecordConflict, type Records } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Belongings, Deeds } from './account-deeds.ts';
import {
  accountByLogin,
  accountByPhone,
  insertAccount,
  requirePasswordChange,
  retiredAccount,
  setNewPassword,
  setPasswordHash,
} from './account-queries.ts';
import { accountOf, newRow } from './account-row.ts';
import {
  AccountExists,
  InvalidAccount,
  type Accounts,
  type Beginnings,
  type NewAccount,
} from './accounts.ts';
import type { AttributeSchema } from './attributes.ts';
import { foldEmail, foldUsername } from './login.ts';
import { identityOf, identityProblems, newAccountId } from './new-account.ts';
import type { NewPasswords } from './new-passwords.ts';
import type { PasswordOwner } from './password-review.ts';
import type { Passwords } from './passwords.ts';
import { passwordProblemText } from './rules.ts';

export interface ManageAccountsOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly deeds: Deeds;
  readonly passwords: Passwords;
  readonly newPasswords: NewPasswords;
  readonly attributes: AttributeSchema;
  /** What goes with a new password. */
  readonly distrust: readonly Belongings[];
}

const NAMES = 'username, e-mail address, telephone number';

type Managing = Pick<
  Accounts,
  'create' | 'check' | 'passwordHash' | 'setPassword' | 'removePassword' | 'requirePasswordChange'
>;

/** Making accounts, and their passwords. */
export function manageAccounts(options: ManageAccountsOptions): Managing {
  const { records, clock, deeds, passwords, newPasswords, attributes, distrust } = options;
  const { queries } = records;

  async function problemsOf(account: NewAccount): Promise<readonly string[]> {
    const { password } = account;
    return [
      ...identityProblems(account, attributes),
      ...(password === undefined ? [] : await refusals(newPasswords, password, account)),
    ];
  }

  return {
    async create(account, actor, beginnings = []) {
      const problems = await problemsOf(account);
      if (problems.length > 0) throw new InvalidAccount(problems);
      await refuseRetired(records, account);
      const { password, passwordHash } = account;
      const row = newRow({
        id: account.id ?? newAccountId(),
        identity: identityOf(account),
        passwordHash:
          password === undefined ? (passwordHash ?? null) : await passwords.hash(password),
        source: actor.by,
        now: clock.now(),
        life: account,
      });
      await insertOnce(records, row, beginnings);
      await deeds.record({ id: row.id, type: 'account.created', actor });
      for (const one of beginnings) await one.record(row.id, actor);
      return accountOf(row, clock.now());
    },

    async check(account) {
      const problems = await problemsOf(account);
      return problems.length > 0 ? problems : await takenProblems(records, account);
    },

    passwordHash: async (id) => (await deeds.row(id))?.password_hash ?? undefined,

    async setPassword(id, password, actor) {
      const row = await deeds.row(id);
      if (row === undefined) return false;
      const problems = await refusals(newPasswords, password, ownerOf(row, clock.now()));
      if (problems.length > 0) throw new InvalidAccount(problems);
      const statement = setNewPassword(queries, id, await passwords.hash(password));
      const deed = { id, type: 'account.password_set', actor } as const;
      if (!(await deeds.changeAndTakeBack(statement, deed, distrust))) return false;
      await deeds.forgive(row);
      return true;
    },

    removePassword: (id, actor) =>
      deeds.change(setPasswordHash(queries, id, null), {
        id,
        type: 'account.password_removed',
        actor,
      }),

    requirePasswordChange: (id, actor) =>
      deeds.change(requirePasswordChange(queries, id), {
        id,
        type: 'account.password_change_required',
        actor,
      }),
  };
}

/** In words for operators. */
async function refusals(
  newPasswords: NewPasswords,
  password: string,
  owner: PasswordOwner,
): Promise<readonly string[]> {
  const problems = await newPasswords.problems(password, owner);
  return problems.map((problem) => `password: ${passwordProblemText(problem)}`);
}

function ownerOf(row: AccountTable, now: number): PasswordOwner {
  const { username, email, claims } = accountOf(row, now);
  return { username, email, claims };
}

/** Ids that are drawn cannot come again; only one that is asked for might have been somebody's. */
async function refuseRetired(records: Records, { id }: NewAccount): Promise<void> {
  if (id === undefined) return;
  if ((await records.first(retiredAccount(records.queries, id))) !== undefined) {
    throw new AccountExists(`the id ${id} was an account's once and is never given again`);
  }
}

async function takenProblems(records: Records, account: NewAccount): Promise<readonly string[]> {
  const { queries } = records;
  const names = [
    { kind: 'username', key: foldUsername(account.username ?? '') } as const,
    { kind: 'email', key: foldEmail(account.email ?? '') } as const,
  ];
  const problems: string[] = [];
  for (const { kind, key } of names) {
    if (key === undefined) continue;
    const row = await records.first(accountByLogin(queries, { kind, key }));
    if (row) problems.push(`${kind}: belongs to the account ${row.id}`);
  }
  const { id, phone } = account;
  const owner = phone && (await records.first(accountByPhone(queries, phone)));
  if (owner) problems.push(`phone: belongs to the account ${owner.id}`);
  if (id !== undefined && (await records.first(retiredAccount(queries, id))))
    problems.push('id: was an account\u2019s once and is never given again');
  return problems;
}

async function insertOnce(
  records: Records,
  row: AccountTable,
  beginnings: readonly Beginnings[],
): Promise<void> {
  const { queries } = records;
  const more = beginnings.flatMap((one) => one.statements(queries, row.id));
  try {
    await records.write(insertAccount(queries, row), ...more);
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    throw new AccountExists(`an account with this ${NAMES} or id exists already`, {
      cause: error,
    });
  }
}
