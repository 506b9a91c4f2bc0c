import type { Compilable } from 'kysely';
import type { JsonObject } from '../runtime/json.ts';
import type { Clock } from '../runtime/clock.ts';
import { compiledOnce } from '../storage/compiled-once.ts';
import type { Queries, Records } from '../storage/records.ts';
import { isJsonObject, object, texts } from './store/payloads.ts';

/** What a person allowed a client, by APIs' own identifiers. */
export interface Allowed {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

/** What a person allowed one client. */
export interface Consent {
  readonly clientId: string;
  readonly allowed: Allowed;
  readonly grantedAt: number;
}

/** Consent, remembered beyond any session. */
export interface Consents {
  find(accountId: string, clientId: string): Promise<Allowed | undefined>;
  /** Everything that a person allowed. */
  list(accountId: string): Promise<readonly Consent[]>;
  /** Adds to what was allowed before. */
  remember(accountId: string, clientId: string, allowed: Allowed): Promise<void>;
  /** The person is asked again. */
  forget(accountId: string, clientId: string): Promise<void>;
}

/** Of a person who is deleted. */
export function deleteConsents(queries: Queries, accountId: string): readonly Compilable[] {
  return [queries.deleteFrom('consent').where('account_id', '=', accountId)];
}

/** Consent in the table `consent`. */
export function createConsents(options: {
  readonly records: Records;
  readonly clock: Clock;
}): Consents {
  const { records, clock } = options;
  const { queries } = records;

  const allowedTo = compiledOnce(
    queries
      .selectFrom('consent')
      .select('allowed')
      .where('account_id', '=', '')
      .where('client_id', '=', ''),
  );
  const putConsent = compiledOnce(
    queries
      .insertInto('consent')
      .values({ account_id: '', client_id: '', allowed: '', granted_at: 0, updated_at: 0 })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'client_id']).doUpdateSet({ allowed: '', updated_at: 0 }),
      ),
  );

  async function find(accountId: string, clientId: string): Promise<Allowed | undefined> {
    const row = await records.first(allowedTo([accountId, clientId]));
    return row && readAllowed(row.allowed);
  }

  return {
    find,
    async list(accountId) {
      const rows = await records.all(
        queries.selectFrom('consent').selectAll().where('account_id', '=', accountId),
      );
      return rows.flatMap(({ client_id: clientId, allowed: kept, granted_at: grantedAt }) => {
        const allowed = readAllowed(kept);
        return allowed === undefined ? [] : [{ clientId, allowed, grantedAt }];
      });
    },
    async forget(accountId, clientId) {
      await records.write(
        queries
          .deleteFrom('consent')
          .where('account_id', '=', accountId)
          .where('client_id', '=', clientId),
      );
    },
    async remember(accountId, clientId, allowed) {
      const all = union(await find(accountId, clientId), allowed);
      const text = JSON.stringify({
        openid: all.scopes,
        resources: all.resources,
        claims: all.claims,
      });
      const now = clock.now();
      await records.write(putConsent([accountId, clientId, text, now, now, text, now]));
    },
  };
}

function readAllowed(text: string): Allowed | undefined {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return undefined;
  const resources: JsonObject = object(value, 'resources') ?? {};
  return {
    scopes: texts(value, 'openid'),
    claims: texts(value, 'claims'),
    resources: Object.fromEntries(
      Object.keys(resources).map((identifier) => [identifier, texts(resources, identifier)]),
    ),
  };
}

function union(before: Allowed | undefined, added: Allowed): Allowed {
  if (before === undefined) return added;
  const both = (left: readonly string[] = [], right: readonly string[] = []): readonly string[] => [
    ...new Set([...left, ...right]),
  ];
  const names = both(Object.keys(before.resources), Object.keys(added.resources));
  return {
    scopes: both(before.scopes, added.scopes),
    claims: both(before.claims, added.claims),
    resources: Object.fromEntries(
      names.map((name) => [name, both(before.resources[name], added.resources[name])]),
    ),
  };
}
