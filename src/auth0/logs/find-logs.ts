import {
  countSiteEvents,
  siteEvents,
  type EventPlace,
  type SiteStretch,
} from '../../audit/site-events.ts';
import type { AuditedEvent } from '../../audit/audit.ts';
import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { TenantConfig } from '../config.ts';
import type { Search } from '../management/lucene.ts';
import { filtersOf } from './log-filters.ts';
import { logOf, withNames } from './log-view.ts';

/** What logs of one tenant are read from. */
export interface LogsRoom extends Pick<House, 'accounts' | 'clock' | 'records'> {
  readonly tenant: Pick<TenantConfig, 'issuer' | 'name'>;
  readonly clients: Pick<Clients, 'find'>;
}

/** Which logs. */
export interface LogsAsked {
  readonly search?: Search | undefined;
  readonly accountId?: string | undefined;
  readonly order: SiteStretch['order'];
  readonly start: number;
  readonly limit: number;
  readonly isCounted: boolean;
}

/** As far as pages reach and totals count. */
export const REACHED_MAX = 1000;
/** How many of the events that fit otherwise a search looks at. */
const LOOKED_AT_MAX = 10_000;
const LOOKED_AT_ONCE = 1000;
/**
 * Nodes write some events a moment after they happened. Who reads on from a place is told of what is older than that,
 * so that nothing comes to lie before the place.
 */
const SETTLED_SECONDS = 5;

/** By page. The total is left out unless it is asked for, and counts no further than pages reach. */
export async function findLogs(
  asked: LogsAsked,
  room: LogsRoom,
): Promise<{ readonly items: readonly JsonObject[]; readonly total: number }> {
  const { search, order, start, limit, isCounted } = asked;
  const filters = filtersOf(asked, room);
  if (search !== undefined) {
    const max = isCounted ? REACHED_MAX : start + limit;
    const found = await lookFor(search, { ...filters, order }, max, room);
    return { items: await withNames(found.slice(start, start + limit), room), total: found.length };
  }
  const [events, total] = await Promise.all([
    siteEvents(room.records, { ...filters, order, skip: start, limit }),
    isCounted ? countSiteEvents(room.records, filters, REACHED_MAX) : 0,
  ]);
  return { items: await withNames(logsOf(events, room), room), total };
}

/** The oldest ones behind a place, or of all. */
export async function logsBehind(
  place: EventPlace | undefined,
  limit: number,
  room: LogsRoom,
): Promise<readonly JsonObject[]> {
  const { since, ...filters } = filtersOf({}, room);
  const events = await siteEvents(room.records, {
    ...filters,
    since: Math.max(since, place?.at ?? 0),
    before: room.clock.now() - SETTLED_SECONDS,
    order: 'oldest-first',
    behind: place,
    limit,
  });
  return await withNames(logsOf(events, room), room);
}

/** The one at a place. */
export async function logAt(place: EventPlace, room: LogsRoom): Promise<JsonObject | undefined> {
  const events = await siteEvents(room.records, {
    ...filtersOf({}, room),
    since: place.at,
    before: place.at + 1,
    order: 'newest-first',
    // The place right before it.
    behind: { ...place, number: place.number + 1 },
    limit: 1,
  });
  const [found] = events.filter(
    ({ node, number }) => node === place.node && number === place.number,
  );
  const [log] = await withNames(logsOf(found === undefined ? [] : [found], room), room);
  return log;
}

/** What `search` finds, up to `max`. */
async function lookFor(
  search: Search,
  stretch: Omit<SiteStretch, 'limit'>,
  max: number,
  room: LogsRoom,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  let behind: EventPlace | undefined;
  for (let looked = 0; looked < LOOKED_AT_MAX && found.length < max; looked += LOOKED_AT_ONCE) {
    const events = await siteEvents(room.records, { ...stretch, behind, limit: LOOKED_AT_ONCE });
    found.push(...logsOf(events, room).filter((log) => search.matches(log)));
    behind = events.at(-1);
    if (events.length < LOOKED_AT_ONCE) break;
  }
  return found.slice(0, max);
}

function logsOf(events: readonly AuditedEvent[], { tenant }: LogsRoom): readonly JsonObject[] {
  return events.map((event) => logOf(event, tenant)).filter((log) => log !== undefined);
}
