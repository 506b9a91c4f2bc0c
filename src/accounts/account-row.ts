import type { JsonObject } from '../runtime/json.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { Account } from './accounts.ts';

/** The account in a row. */
export function accountOf(row: AccountTable): Account {
  return {
    id: row.id,
    username: row.username ?? undefined,
    email: row.email ?? undefined,
    emailVerified: row.email_verified === 1,
    claims: jsonObjectOf(row.claims),
    attributes: jsonObjectOf(row.attributes),
    owner: row.owner === 1,
    disabled: row.disabled_at !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Claims and attributes are the JSON that this room wrote. */
function jsonObjectOf(text: string): JsonObject {
  const value: JsonObject = JSON.parse(text);
  return value;
}
