import type { Account } from '../../accounts/accounts.ts';
import { accountIdOf } from '../subjects.ts';
import type { Call } from './call.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';

/** The person that the `:id` of a path names. @throws {ManagementProblem} */
export async function userOf(
  call: Pick<Call, 'param'>,
  { accounts }: Pick<ManagementRoom, 'accounts'>,
): Promise<Account> {
  const accountId = accountIdOf(call.param('id'));
  const account = accountId === undefined ? undefined : await accounts.find(accountId);
  if (account === undefined) throw noSuchUser();
  return account;
}

/** By e-mail address or username. @throws {ManagementProblem} */
export async function accountByIdentifier(
  identifier: string,
  { accounts }: Pick<ManagementRoom, 'accounts'>,
): Promise<Account> {
  const account = await accounts.findByLogin(identifier);
  if (account === undefined) throw noSuchUser();
  return account;
}

/** All of them, in their order. @throws {ManagementProblem} when one is not there. */
export async function accountsByUserIds(
  userIds: readonly string[],
  { accounts }: Pick<ManagementRoom, 'accounts'>,
): Promise<readonly Account[]> {
  return await Promise.all(
    userIds.map(async (userId) => {
      const account = await accounts.find(accountIdOf(userId) ?? '');
      if (account === undefined) throw noSuchUser();
      return account;
    }),
  );
}

function noSuchUser(): ManagementProblem {
  return new ManagementProblem(404, {
    message: 'The user does not exist.',
    errorCode: 'inexistent_user',
  });
}
