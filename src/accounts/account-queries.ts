import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { AcceptedTerms } from './accounts.ts';
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

export function accountByPhone(queries: Queries, phone: string): Compilable<AccountTable> {
  return queries.selectFrom('account').selectAll().where('phone', '=', phone);
}

/** In the order of their ids, which are random and never change: a page that stays where it is. */
export function accountsAfter(
  queries: Queries,
  page: { readonly after?: string | undefined; readonly limit: number },
): Compilable<AccountTable> {
  const all = queries.selectFrom('account').selectAll().orderBy('id').limit(page.limit);
  return page.after === undefined ? all : all.where('id', '>', page.after);
}

/** Hashes of passwords, for what they cost. */
export function someHashes(
  queries: Queries,
  limit: number,
): Compilable<Pick<AccountTable, 'password_hash'>> {
  return queries
    .selectFrom('account')
    .select('password_hash')
    .where('password_hash', 'is not', null)
    .orderBy('id')
    .limit(limit);
}

export function retiredAccount(queries: Queries, id: string): Compilable<{ readonly id: string }> {
  return queries.selectFrom('retired_account').select('id').where('id', '=', id);
}

export function insertAccount(queries: Queries, row: AccountTable): Compilable {
  return queries.insertInto('account').values(row);
}

/** A person of the configuration: made, or brought up to date when another node has made them first. */
export function putAccount(queries: Queries, row: AccountTable): Compilable {
  const {
    id: _id,
    created_at: _createdAt,
    disabled_at: _disabledAt,
    expires_at: _expiresAt,
    expiry_told_at: _toldAt,
    locked_at: _lockedAt,
    password_change: _passwordChange,
    terms_version: _version,
    terms_accepted_at: _acceptedAt,
    ...changing
  } = row;
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

/**
 * Only while nobody else has changed the identity since `before` was read. Verified e-mail and owner are no part of it:
 * they have ways of their own.
 */
export function changeIdentity(
  queries: Queries,
  change: {
    readonly before: AccountTable;
    readonly identity: Identity & Pick<AccountTable, 'updated_at'>;
  },
): Compilable {
  const { before, identity } = change;
  const { username, username_key, phone, claims, attributes, updated_at } = identity;
  return queries
    .updateTable('account')
    .set({ username, username_key, phone, claims, attributes, updated_at })
    .where('id', '=', before.id)
    .where('claims', '=', before.claims)
    .where('attributes', '=', before.attributes)
    .where('username', 'is not distinct from', before.username);
}

export function setEmail(
  queries: Queries,
  id: string,
  columns: Pick<AccountTable, 'email' | 'email_key' | 'email_verified' | 'updated_at'>,
): Compilable {
  return queries.updateTable('account').set(columns).where('id', '=', id);
}

/** Only while the address is still theirs. */
export function verifyEmail(
  queries: Queries,
  shown: { readonly id: string; readonly key: string; readonly now: number },
): Compilable {
  return queries
    .updateTable('account')
    .set({ email_verified: 1, updated_at: shown.now })
    .where('id', '=', shown.id)
    .where('email_key', '=', shown.key);
}

export function acceptTerms(
  queries: Queries,
  id: string,
  { version, acceptedAt }: AcceptedTerms,
): Compilable {
  return queries
    .updateTable('account')
    .set({ terms_version: version, terms_accepted_at: acceptedAt })
    .where('id', '=', id);
}

/** A password that the person, or an operator, has chosen: it ends a lock, and that it has to be changed. */
export function setNewPassword(queries: Queries, id: string, phc: string): Compilable {
  return queries
    .updateTable('account')
    .set({ password_hash: phc, password_change: null, locked_at: null })
    .where('id', '=', id);
}

export function requirePasswordChange(queries: Queries, id: string): Compilable {
  return queries.updateTable('account').set({ password_change: 1 }).where('id', '=', id);
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

/** An account that is locked already keeps the time at which it was. */
export function lockAccount(queries: Queries, id: string, at: number): Compilable {
  return queries
    .updateTable('account')
    .set(({ fn, val }) => ({ locked_at: fn.coalesce('locked_at', val(at)) }))
    .where('id', '=', id);
}

export function unlockAccount(queries: Queries, id: string): Compilable {
  return queries.updateTable('account').set({ locked_at: null }).where('id', '=', id);
}

export function setExpiry(
  queries: Queries,
  id: string,
  columns: Pick<AccountTable, 'expires_at' | 'expiry_told_at'>,
): Compilable {
  return queries.updateTable('account').set(columns).where('id', '=', id);
}

/** Who expires up to `before` without everybody having been told; the soonest first. */
export function expiring(
  queries: Queries,
  { before, limit }: { readonly before: number; readonly limit: number },
): Compilable<{ readonly id: string; readonly expires_at: number | null }> {
  return queries
    .selectFrom('account')
    .select(['id', 'expires_at'])
    .where('expires_at', '<=', before)
    .where('expiry_told_at', 'is', null)
    .orderBy('expires_at')
    .limit(limit);
}

/** Unless another node has, or the expiry was put off meanwhile. */
export function tellExpiry(
  queries: Queries,
  told: { readonly id: string; readonly expiresAt: number; readonly now: number },
): Compilable {
  return queries
    .updateTable('account')
    .set({ expiry_told_at: told.now })
    .where('id', '=', told.id)
    .where('expires_at', '=', told.expiresAt)
    .where('expiry_told_at', 'is', null);
}

export function deleteAccount(queries: Queries, id: string): Compilable {
  return queries.deleteFrom('account').where('id', '=', id);
}

/** Two who delete one account at once retire its id once. */
export function retireAccount(queries: Queries, id: string, at: number): Compilable {
  return queries
    .insertInto('retired_account')
    .values({ id, retired_at: at })
    .onConflict((conflict) => conflict.column('id').doNothing());
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
