import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import type { Records } from '../storage/records.ts';
import type { AuditedEvent } from './audit.ts';

/** The place of one event among those of one person. */
export interface ActivityCursor {
  readonly at: number;
  readonly number: number;
  readonly node: string;
}

/** A stretch of what happened to one person, the newest first. */
export interface ActivityPage {
  readonly events: readonly AuditedEvent[];
  /** Where the next page begins; undefined: nothing is older. */
  readonly next: ActivityCursor | undefined;
}

const json: z.ZodType<Json> = z.json();

/** The newest events of some types after `since` and before a place, `limit` of them at most. */
export async function accountActivity(
  records: Records,
  filters: {
    readonly accountId: string;
    readonly types: readonly string[];
    /** NumericDate. */
    readonly since: number;
    readonly before: ActivityCursor | undefined;
    readonly limit: number;
  },
): Promise<ActivityPage> {
  const { accountId, types, since, before, limit } = filters;
  let query = records.queries
    .selectFrom('audit')
    .select(['node', 'number', 'at', 'event'])
    .where('account_id', '=', accountId)
    .where('at', '>=', since)
    .where('type', 'in', types);
  if (before !== undefined) {
    const { at, node, number } = before;
    query = query.where(({ or, and, eb }) =>
      or([
        eb('at', '<', at),
        and([
          eb('at', '=', at),
          or([eb('node', '>', node), and([eb('node', '=', node), eb('number', '<', number)])]),
        ]),
      ]),
    );
  }
  const rows = await records.all(
    query
      .orderBy('at', 'desc')
      .orderBy('node')
      .orderBy('number', 'desc')
      .limit(limit + 1),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    events: page.map((row) => ({ ...row, event: json.parse(JSON.parse(row.event)) })),
    next:
      rows.length > limit && last
        ? { at: last.at, number: last.number, node: last.node }
        : undefined,
  };
}
