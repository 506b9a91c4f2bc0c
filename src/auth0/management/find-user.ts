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

function noSuchUser(): ManagementProblem {
  return new ManagementProblem(404, {
    message: 'The user does not exist.',
    errorCode: 'inexistent_user',
  });
}
