import type { AliasedSelectQueryBuilder, SelectQueryBuilder } from 'kysely';
import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import type { Queries, Records } from '../storage/records.ts';
import type { AuditTable, Tables } from '../storage/tables.ts';
import type { AuditedEvent, AuditEvent } from './audit.ts';
import { plainText } from './canonical-json.ts';

/** Which of the events that came in at one origin beside the issuer's. */
export interface SiteFilters {
  /** The origin, by name. */
  readonly site: string;
  readonly types: readonly AuditEvent['type'][];
  /** NumericDate; events from then on. */
  readonly since: number;
  /** NumericDate; events before. */
  readonly before: number;
  readonly accountId?: string | undefined;
}

/** The place of one event among all of them: no two share one. */
export type EventPlace = Pick<AuditedEvent, 'at' | 'node' | 'number'>;

/** Some of them, in an order. */
export interface SiteStretch extends SiteFilters {
  readonly order: 'newest-first' | 'oldest-first';
  /** Those behind it in that order; left out: from the beginning. */
  readonly behind?: EventPlace | undefined;
  /** How many are passed over; left out: none. */
  readonly skip?: number | undefined;
  readonly limit: number;
}

type Row = Pick<AuditTable, 'at' | 'event' | 'node' | 'number'>;
type RowsOf<From extends keyof Tables> = SelectQueryBuilder<Tables, From, Row>;

const json: z.ZodType<Json> = z.json();

/** The events that are asked for. It costs what `skip` and `limit` say, however many there are. */
export async function siteEvents(
  records: Records,
  stretch: SiteStretch,
): Promise<readonly AuditedEvent[]> {
  if (stretch.types.length === 0) return [];
  const rows = await records.all(
    ordered(eventsIn(records.queries, stretch), stretch)
      .offset(stretch.skip ?? 0)
      .limit(stretch.limit),
  );
  return rows.map(({ event, ...place }) => ({ ...place, event: json.parse(JSON.parse(event)) }));
}

/** How many there are; more than `max` count as so many. */
export async function countSiteEvents(
  records: Records,
  filters: SiteFilters,
  max: number,
): Promise<number> {
  if (filters.types.length === 0) return 0;
  const some = eventsIn(records.queries, { ...filters, order: 'newest-first', limit: max });
  const counted = await records.first(
    records.queries
      .selectFrom(some.limit(max).as('some'))
      .select(({ fn }) => fn.countAll().as('count')),
  );
  return Number(counted?.count);
}

/** Those of each type apart: one index has each in order, so that none is sorted that is not asked for. */
function eventsIn(queries: Queries, stretch: SiteStretch): RowsOf<'audit'> {
  const { types, accountId } = stretch;
  if (accountId !== undefined) return eventsOfPerson(queries, { ...stretch, accountId });
  const reach = (stretch.skip ?? 0) + stretch.limit;
  return types
    .map((type) => {
      const ofType = within(queries, stretch)
        .where('site', '=', stretch.site)
        .where('type', '=', type);
      const some: AliasedSelectQueryBuilder<Row, 'audit'> = ordered(ofType, stretch)
        .limit(reach)
        .as('audit');
      return queries.selectFrom(some).selectAll();
    })
    .reduce((all, some) => all.unionAll(some));
}

function eventsOfPerson(
  queries: Queries,
  stretch: SiteStretch & { readonly accountId: string },
): RowsOf<'audit'> {
  return (
    within(queries, stretch)
      .where('account_id', '=', plainText(stretch.accountId))
      // As an expression, so that the index by person is taken: it has the fewest.
      .where(({ eb, fn, val }) => eb(fn.coalesce('site', val('')), '=', stretch.site))
      .where('type', 'in', stretch.types)
  );
}

function within(queries: Queries, { since, before, behind, order }: SiteStretch): RowsOf<'audit'> {
  const all = queries
    .selectFrom('audit')
    .select(['at', 'event', 'node', 'number'])
    .where('at', '>=', since)
    .where('at', '<', before);
  if (behind === undefined) return all;
  const { at, node, number } = behind;
  return all.where(({ eb, refTuple, tuple }) =>
    eb(
      refTuple('at', 'node', 'number'),
      order === 'newest-first' ? '<' : '>',
      tuple(at, node, number),
    ),
  );
}

function ordered(rows: RowsOf<'audit'>, { order }: Pick<SiteStretch, 'order'>): RowsOf<'audit'> {
  const direction = order === 'newest-first' ? 'desc' : 'asc';
  return rows.orderBy('at', direction).orderBy('node', direction).orderBy('number', direction);
}
