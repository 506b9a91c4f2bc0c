import type { Account, Accounts } from '../accounts/accounts.ts';

/** The account, when it may prove and enrol anything at all. */
export async function activeAccount(
  accounts: Pick<Accounts, 'find'>,
  accountId: string,
): Promise<Account | undefined> {
  const account = await accounts.find(accountId);
  return account?.state === 'active' ? account : undefined;
}
