import { Provider, type AdapterPayload } from 'oidc-provider';
import type { Accounts } from '../accounts/accounts.ts';
import type { Dialect } from './dialect.ts';
import type { RequestScopes } from './request-scope.ts';

/**
 * Where the dialect has words for it, the client that held something of a person learns that they were disabled. What it
 * held is dead either way.
 */
export async function tellKeptOut(
  { accountId, clientId }: Pick<AdapterPayload, 'accountId' | 'clientId'>,
  {
    accounts,
    dialect,
    scopes,
  }: {
    readonly accounts: Pick<Accounts, 'find'>;
    readonly dialect?: Pick<Dialect, 'keptOut'> | undefined;
    readonly scopes: RequestScopes;
  },
): Promise<void> {
  if (dialect?.keptOut === undefined || accountId === undefined) return;
  if (clientId !== Provider.ctx?.oidc.client?.clientId) return;
  const account = await accounts.find(accountId);
  if (account?.state === 'disabled') scopes.current().refusal = dialect.keptOut;
}
