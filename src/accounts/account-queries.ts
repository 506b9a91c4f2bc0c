import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { Login } from './login.ts';
import type { Identity } from './new-account.ts';

/** The name of the row in `installation` that remembers what the configuration declared of people. */
const DECLARED_PEOPLE = 'people';

export function accountById(queries: Queries, id: string): Compilable<AccountTable> {
  return queries.selectFrom('account').selectAll().where('id', '=', id);
}

export function accountByLogin(queries: Queries, { kind, key }: Login): Compilable<AccountTable> {
  const column = kind === 'email' ? 'email_key' : 'username_key';
  return queries.selectFrom('account').selectAll().where(column, '=', key);
}

/** In the order of their ids, which are random and never change: a page that stays where it is. */
export function accountsAfter(
  queries: Queries,
  page: { readonly after?: string | undefined; readonly limit: number },
): Compilable<AccountTable> {
  const all = queries.selectFrom('account').selectAll().orderBy('id').limit(page.limit);
  return page.after === undefined ? all : all.where('id', '>', page.after);
}

export function retiredAccount(queries: Queries, id: string): Compilable<{ readonly id: string }> {
  return queries.selectFrom('retired_account').select('id').where('id', '=', id);
}

export function insertAccount(queries: Queries, row: AccountTable): Compilable {
  return queries.insertInto('account').values(row);
}

/** A person of the configuration: made, or brought up to date when another node has made them first. */
export function putAccount(queries: Queries, row: AccountTable): Compilable {
  const { id: _id, created_at: _createdAt, disabled_at: _disabledAt, ...changing } = row;
  return queries
    .insertInto('account')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changing));
}

export function updateIdentity(
  queries: Queries,
  id: string,
  identity: Identity & Pick<AccountTable, 'updated_at'>,
): Compilable {
  return queries.updateTable('account').set(identity).where('id', '=', id);
}

export function setPasswordHash(queries: Queries, id: string, phc: string | null): Compilable {
  return queries.updateTable('account').set({ password_hash: phc }).where('id', '=', id);
}

/** Only while the hash is still the one that was checked: a password set meanwhile stays. */
export function replacePasswordHash(
  queries: Queries,
  change: { readonly id: string; readonly old: string; readonly new: string },
): Compilable {
  return queries
    .updateTable('account')
    .set({ password_hash: change.new })
    .where('id', '=', change.id)
    .where('password_hash', '=', change.old);
}

/** An account that is disabled already keeps the time at which it was. */
export function disableAccount(queries: Queries, id: string, at: number): Compilable {
  return queries
    .updateTable('account')
    .set(({ fn, val }) => ({ disabled_at: fn.coalesce('disabled_at', val(at)) }))
    .where('id', '=', id);
}

export function enableAccount(queries: Queries, id: string): Compilable {
  return queries.updateTable('account').set({ disabled_at: null }).where('id', '=', id);
}

export function declaredPeople(queries: Queries): Compilable<{ readonly value: string }> {
  return queries.selectFrom('installation').select('value').where('name', '=', DECLARED_PEOPLE);
}

export function rememberDeclaredPeople(queries: Queries, value: string): Compilable {
  return queries
    .insertInto('installation')
    .values({ name: DECLARED_PEOPLE, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }));
}
