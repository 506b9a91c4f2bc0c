import type { JsonObject } from '../runtime/json.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { AcceptedTerms, Account, AccountState, NewAccount } from './accounts.ts';
import type { Identity } from './new-account.ts';
import { phoneOf } from './phone-number.ts';

/** The account in a row, as it stands at `now`. */
export function accountOf(row: AccountTable, now: number): Account {
  const claims = jsonObjectOf(row.claims);
  return {
    id: row.id,
    username: row.username ?? undefined,
    email: row.email ?? undefined,
    emailVerified: row.email_verified === 1,
    phone: phoneOf(row.phone ?? undefined, claims),
    claims,
    attributes: jsonObjectOf(row.attributes),
    owner: row.owner === 1,
    state: stateOf(row, now),
    expiresAt: row.expires_at ?? undefined,
    hasPassword: row.password_hash !== null,
    mustChangePassword: row.password_change === 1,
    terms:
      row.terms_version === null || row.terms_accepted_at === null
        ? undefined
        : { version: row.terms_version, acceptedAt: row.terms_accepted_at },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Whether the account in a row may be let in at `now`. */
export function stateOf(
  row: Pick<AccountTable, 'disabled_at' | 'locked_at' | 'expires_at'>,
  now: number,
): AccountState {
  if (row.disabled_at !== null) return 'disabled';
  if (row.locked_at !== null) return 'locked';
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'active';
}

type NewLife = Pick<
  NewAccount,
  'disabled' | 'expiresAt' | 'mustChangePassword' | 'terms' | 'createdAt'
>;
type LifeColumns = Pick<
  AccountTable,
  | 'disabled_at'
  | 'expires_at'
  | 'expiry_told_at'
  | 'locked_at'
  | 'password_change'
  | 'terms_version'
  | 'terms_accepted_at'
>;

/** The row of a new account. */
export function newRow(made: {
  readonly id: string;
  readonly identity: Identity;
  readonly passwordHash: string | null;
  readonly source: string;
  readonly now: number;
  /** What a new account has beside its identity. */
  readonly life?: NewLife;
}): AccountTable {
  const { id, identity, passwordHash, source, now, life = {} } = made;
  return {
    id,
    ...identity,
    password_hash: passwordHash,
    created_at: Math.min(life.createdAt ?? now, now),
    updated_at: now,
    source,
    ...lifeColumns(life, now),
  };
}

function lifeColumns(life: NewLife, now: number): LifeColumns {
  const { disabled = false, expiresAt = null, mustChangePassword = false, terms } = life;
  return {
    disabled_at: disabled ? now : null,
    expires_at: expiresAt,
    // Who was never let in holds nothing that would have to be taken back.
    expiry_told_at: expiresAt !== null && expiresAt <= now ? now : null,
    locked_at: null,
    password_change: mustChangePassword ? 1 : null,
    ...termsColumns(terms),
  };
}

function termsColumns(
  terms: AcceptedTerms | undefined,
): Pick<AccountTable, 'terms_version' | 'terms_accepted_at'> {
  if (terms === undefined) return { terms_version: null, terms_accepted_at: null };
  return { terms_version: terms.version, terms_accepted_at: terms.acceptedAt };
}

/** Claims and attributes are the JSON that this room wrote. */
function jsonObjectOf(text: string): JsonObject {
  const value: JsonObject = JSON.parse(text);
  return value;
}
