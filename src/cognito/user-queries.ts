import type { Compilable } from 'kysely';
import type { Belongings } from '../accounts/account-deeds.ts';
import type { Queries } from '../storage/records.ts';
import type { CognitoUserTable } from '../storage/tables.ts';

/** By the name that applications see, or by what users type. */
export function userByName(
  queries: Queries,
  name: { readonly poolId: string; readonly username: string; readonly loginKey: string },
): Compilable<CognitoUserTable> {
  return queries
    .selectFrom('cognito_user')
    .selectAll()
    .where('pool_id', '=', name.poolId)
    .where((where) =>
      where.or([where('login_key', '=', name.loginKey), where('username', '=', name.username)]),
    );
}

export function userByAccount(
  queries: Queries,
  poolId: string,
  accountId: string,
): Compilable<CognitoUserTable> {
  return queries
    .selectFrom('cognito_user')
    .selectAll()
    .where('pool_id', '=', poolId)
    .where('account_id', '=', accountId);
}

/** In whichever pools. */
export function usersOfAccount(queries: Queries, accountId: string): Compilable<CognitoUserTable> {
  return queries.selectFrom('cognito_user').selectAll().where('account_id', '=', accountId);
}

/** Of one pool, in the order of their accounts' ids. */
export function usersAfter(
  queries: Queries,
  poolId: string,
  page: { readonly after: string; readonly limit: number },
): Compilable<CognitoUserTable> {
  return queries
    .selectFrom('cognito_user')
    .selectAll()
    .where('pool_id', '=', poolId)
    .where('account_id', '>', page.after)
    .orderBy('account_id')
    .limit(page.limit);
}

/** How many a pool has. */
export function countUsers(
  queries: Queries,
  poolId: string,
): Compilable<{ readonly users: number }> {
  return queries
    .selectFrom('cognito_user')
    .select(({ fn }) => fn.countAll<number>().as('users'))
    .where('pool_id', '=', poolId);
}

export function insertUser(queries: Queries, row: CognitoUserTable): Compilable {
  return queries.insertInto('cognito_user').values(row);
}

/** Two requests that bring one account into a pool do so once. */
export function adoptUser(queries: Queries, row: CognitoUserTable): Compilable {
  return queries
    .insertInto('cognito_user')
    .values(row)
    .onConflict((conflict) => conflict.doNothing());
}

export function updateUser(
  queries: Queries,
  { pool_id, account_id }: Pick<CognitoUserTable, 'pool_id' | 'account_id'>,
  columns: Partial<
    Pick<
      CognitoUserTable,
      | 'attributes'
      | 'email_mfa'
      | 'login_key'
      | 'preferred_mfa'
      | 'sms_mfa'
      | 'software_token'
      | 'status'
      | 'updated_at'
    >
  >,
): Compilable {
  return queries
    .updateTable('cognito_user')
    .set(columns)
    .where('pool_id', '=', pool_id)
    .where('account_id', '=', account_id);
}

/** Only while the account still has the password that the verifier was made of. */
export function keepVerifier(
  queries: Queries,
  row: Pick<
    CognitoUserTable,
    'pool_id' | 'account_id' | 'password_number' | 'srp_salt' | 'srp_verifier_sealed'
  >,
): Compilable {
  const { srp_salt, srp_verifier_sealed } = row;
  return queries
    .updateTable('cognito_user')
    .set({ srp_salt, srp_verifier_sealed })
    .where('pool_id', '=', row.pool_id)
    .where('account_id', '=', row.account_id)
    .where('password_number', '=', row.password_number);
}

/** Users with a verifier, a page at a time. */
export function sealedVerifiersAfter(
  queries: Queries,
  { pool_id, account_id }: Pick<CognitoUserTable, 'pool_id' | 'account_id'>,
  limit: number,
): Compilable<CognitoUserTable> {
  return queries
    .selectFrom('cognito_user')
    .selectAll()
    .where('srp_verifier_sealed', 'is not', null)
    .where((where) =>
      where.or([
        where('pool_id', '>', pool_id),
        where.and([where('pool_id', '=', pool_id), where('account_id', '>', account_id)]),
      ]),
    )
    .orderBy('pool_id')
    .orderBy('account_id')
    .limit(limit);
}

/** Only while it is what it was read as. */
export function replaceVerifier(
  queries: Queries,
  { pool_id, account_id, srp_verifier_sealed }: CognitoUserTable,
  sealed: string,
): Compilable {
  return queries
    .updateTable('cognito_user')
    .set({ srp_verifier_sealed: sealed })
    .where('pool_id', '=', pool_id)
    .where('account_id', '=', account_id)
    .where('srp_verifier_sealed', '=', srp_verifier_sealed);
}

/** Goes with a new password and with a lock: whoever knew the old one proves nothing by it any more. */
export const forgetVerifiers: Belongings = (queries, accountId) => [
  queries
    .updateTable('cognito_user')
    .set(({ eb }) => ({
      srp_salt: null,
      srp_verifier_sealed: null,
      password_number: eb('password_number', '+', 1),
    }))
    .where('account_id', '=', accountId),
];

/** Goes with the account. */
export const deleteUsers: Belongings = (queries, accountId) => [
  queries.deleteFrom('cognito_user').where('account_id', '=', accountId),
];
