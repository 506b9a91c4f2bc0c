import type { Records } from '../storage/records.ts';
import type { AuditEvent } from './audit.ts';

const DAY_SECONDS = 86_400;

/** Events of one type that came in at one origin beside the issuer's, in a span of time (NumericDates). */
export interface CountedEvents {
  readonly site: string;
  readonly type: AuditEvent['type'];
  readonly since: number;
  readonly before: number;
}

/** How many there were on each day (UTC), by the time at which it began; days without any are left out. */
export async function countByDay(
  records: Records,
  { site, type, since, before }: CountedEvents,
): Promise<ReadonlyMap<number, number>> {
  const rows = await records.all(
    records.queries
      .selectFrom('audit')
      .select(({ eb, fn }) => [
        eb('at', '-', eb('at', '%', DAY_SECONDS)).as('day'),
        fn.countAll().as('count'),
      ])
      .where('site', '=', site)
      .where('type', '=', type)
      .where('at', '>=', since)
      .where('at', '<', before)
      .groupBy('day'),
  );
  return new Map(rows.map(({ day, count }) => [day, Number(count)]));
}

/** How many different people they are about. */
export async function countPeople(
  records: Records,
  { site, type, since, before }: CountedEvents,
): Promise<number> {
  const row = await records.first(
    records.queries
      .selectFrom('audit')
      .select(({ fn }) => fn.count('account_id').distinct().as('count'))
      .where('site', '=', site)
      .where('type', '=', type)
      .where('at', '>=', since)
      .where('at', '<', before),
  );
  return Number(row?.count);
}
