import type { Audit } from '../audit/audit.ts';
import type { Beginnings } from '../accounts/accounts.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Records } from '../storage/records.ts';
import type { Auth0UserTable } from '../storage/tables.ts';
import {
  beginMetadata,
  changeMetadata,
  insertMetadata,
  metadataOf,
} from './user-metadata-queries.ts';

/** What tenants keep of a person beside the account: one record, whatever the tenant. */
export interface Metadata {
  /** Of the person's own: preferences. */
  readonly user: JsonObject;
  /** What applications decide by: the person cannot change it. */
  readonly app: JsonObject;
}

/** `user_metadata` and `app_metadata` of people. They go with the account. */
export interface UserMetadata {
  /** Empty objects where nothing is kept. */
  of(accountId: string): Promise<Metadata>;
  /** Of several at once; who has none is left out. */
  ofAll(accountIds: readonly string[]): Promise<ReadonlyMap<string, Metadata>>;
  /**
   * Replaces members of the first level; `null` takes one away. Of two that change one person at once both count.
   * Audited here when anything changed. False: no such account.
   *
   * @throws {InvalidMetadata} when it comes to more than is kept, or too many change it at once.
   */
  merge(accountId: string, changes: Partial<Metadata>, actor: Actor): Promise<boolean>;
  /** Changes nothing. @throws {InvalidMetadata} when `merge` would come to more than is kept. */
  check(accountId: string, changes: Partial<Metadata>): Promise<void>;
  /** For an account that is about to be made. @throws {InvalidMetadata} */
  beginnings(metadata: Metadata): Beginnings;
}

/** It cannot be kept so. */
export class InvalidMetadata extends LatchkeyError {
  readonly code = 'ERR_INVALID_METADATA';
}

/** Of each of the two, as JSON. */
const BYTES_MAX = 65_536;
/** Enough for a crowd that changes one person at once. */
const WRITES_MAX = 10;
const NOTHING: Metadata = { user: {}, app: {} };

/** Over the records. */
export function createUserMetadata({
  records,
  clock,
  audit,
}: {
  readonly records: Records;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
}): UserMetadata {
  const { queries } = records;
  const rowOf = (id: string): Promise<Auth0UserTable | undefined> =>
    records.first(metadataOf(queries, [id]));

  /** False: somebody else has written meanwhile, or there is no account. */
  async function write(
    before: Auth0UserTable | undefined,
    after: Auth0UserTable,
  ): Promise<boolean> {
    const statement =
      before === undefined
        ? beginMetadata(queries, after)
        : changeMetadata(queries, { before, after });
    const [written] = await records.write(statement);
    return written?.rowsAffected === 1;
  }

  return {
    of: async (accountId) => read(await rowOf(accountId)),

    async ofAll(accountIds) {
      if (accountIds.length === 0) return new Map();
      const rows = await records.all(metadataOf(queries, accountIds));
      return new Map(rows.map((row) => [row.account_id, read(row)]));
    },

    async merge(accountId, changes, actor) {
      for (let tries = 1; tries <= WRITES_MAX; tries += 1) {
        const before = await rowOf(accountId);
        const after = rowFor(accountId, merged(read(before), changes), clock.now());
        if (before !== undefined && isSame(before, after)) return true;
        if (await write(before, after)) {
          const { by, origin } = actor;
          await audit.record({ type: 'account.updated', accountId, by, origin });
          return true;
        }
        if (before === undefined && (await rowOf(accountId)) === undefined) return false;
      }
      throw new InvalidMetadata('the metadata is being changed by others: try again');
    },

    async check(accountId, changes) {
      rowFor(accountId, merged(read(await rowOf(accountId)), changes), clock.now());
    },

    beginnings(metadata) {
      rowFor('', metadata, 0);
      return {
        statements: (builder, accountId) => [
          insertMetadata(builder, rowFor(accountId, metadata, clock.now())),
        ],
        record: () => Promise.resolve(),
      };
    },
  };
}

function read(row: Auth0UserTable | undefined): Metadata {
  if (row === undefined) return NOTHING;
  return { user: objectOf(row.user_metadata), app: objectOf(row.app_metadata) };
}

function merged(before: Metadata, { user = {}, app = {} }: Partial<Metadata>): Metadata {
  return { user: mergedOne(before.user, user), app: mergedOne(before.app, app) };
}

function mergedOne(before: JsonObject, changes: JsonObject): JsonObject {
  const all = Object.entries({ ...before, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

/** @throws {InvalidMetadata} */
function rowFor(accountId: string, { user, app }: Metadata, now: number): Auth0UserTable {
  return {
    account_id: accountId,
    user_metadata: textOf(user, 'user_metadata'),
    app_metadata: textOf(app, 'app_metadata'),
    updated_at: now,
  };
}

function textOf(value: JsonObject, name: string): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= BYTES_MAX) return text;
  throw new InvalidMetadata(`${name}: may have ${BYTES_MAX} bytes as JSON, and not more`);
}

function isSame(one: Auth0UserTable, other: Auth0UserTable): boolean {
  return one.user_metadata === other.user_metadata && one.app_metadata === other.app_metadata;
}

/** JSON that this room wrote. */
function objectOf(text: string): JsonObject {
  const value: JsonObject = JSON.parse(text);
  return value;
}
