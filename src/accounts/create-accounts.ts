import { accountById, accountByLogin, accountsAfter } from './account-queries.ts';
import { accountOf } from './account-row.ts';
import type { Accounts } from './accounts.ts';
import { foldLogin } from './login.ts';
import { manageAccounts, type ManageAccountsOptions } from './manage-accounts.ts';
import { createPasswords } from './passwords.ts';
import { createPasswordSignIn } from './sign-in.ts';
import { createThrottle } from './throttle.ts';
import { compiledOnce } from '../storage/compiled-once.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../storage/state.ts';

export interface AccountsOptions extends Omit<ManageAccountsOptions, 'passwords' | 'throttle'> {
  readonly state: State;
  readonly logger: Logger;
}

const PAGE_MAX = 1000;

/** People, kept in records. Nothing of them is cached, so that what changes is seen at once on every node. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { records, state, clock, settings } = options;
  const { queries } = records;
  const passwords = createPasswords(settings.argon2);
  const byId = compiledOnce(accountById(queries, ''));
  const throttle = createThrottle({ state, clock, limits: settings.limits });

  return {
    async find(id) {
      const row = await records.first(byId([id]));
      return row && accountOf(row);
    },

    async findByLogin(typed) {
      const login = foldLogin(typed);
      const row = login && (await records.first(accountByLogin(queries, login)));
      return row && accountOf(row);
    },

    async list({ after, limit }) {
      const page = { after, limit: Math.min(Math.max(limit, 1), PAGE_MAX) };
      return (await records.all(accountsAfter(queries, page))).map(accountOf);
    },

    verifyPassword: createPasswordSignIn({ ...options, passwords, throttle }),
    ...manageAccounts({ ...options, passwords, throttle }),
  };
}
