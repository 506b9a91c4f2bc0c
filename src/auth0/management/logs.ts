import { z } from 'zod';
import { findLogs, logAt, logsBehind, REACHED_MAX } from '../logs/find-logs.ts';
import { placeOf } from '../logs/log-id.ts';
import { accountIdOf } from '../subjects.ts';
import { notFound } from './declared.ts';
import { fieldsQuery, pickedFields } from './fields.ts';
import { readSearch, type Search } from './lucene.ts';
import { pageOf, pageQuery, stretchOf } from './paging.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

/** By what logs are searched: what each of them says of itself. Names are looked up for those that are shown. */
const SEARCHED = [
  'type',
  'user_id',
  'client_id',
  'ip',
  'date',
  'log_id',
  'description',
  'connection',
  'hostname',
  'user_agent',
];

const listQuery = z.object({
  ...pageQuery,
  ...fieldsQuery,
  from: z.string().max(400).optional(),
  sort: z
    .enum(['date:1', 'date:-1'], { error: 'expected date:1 or date:-1' })
    .default('date:-1')
    .transform((sort) => (sort === 'date:1' ? 'oldest-first' : 'newest-first')),
});
const query = listQuery.extend({ q: z.string().optional() });

/** `/logs` and `/users/{id}/logs`: what happened at the tenant, of the audit. */
export function logRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [
    {
      method: 'get',
      path: '/logs',
      scopes: ['read:logs', 'read:logs_users'],
      async run(call) {
        const asked = call.query(query);
        const { from, take } = asked;
        if (from === undefined && take === undefined)
          return await pageOfLogs(asked, { search: searchIn(asked.q) }, room);
        const logs = await logsBehind(placeIn(from), take ?? asked.per_page, room);
        return logs.map((log) => pickedFields(log, asked));
      },
    },
    {
      method: 'get',
      path: '/logs/:id',
      scopes: ['read:logs', 'read:logs_users'],
      async run(call) {
        const place = placeOf(call.param('id'));
        const log = place && (await logAt(place, room));
        return log ?? notFound('Log event not found.', 'log_not_found');
      },
    },
    {
      method: 'get',
      path: '/users/:id/logs',
      scopes: ['read:logs', 'read:logs_users'],
      async run(call) {
        const accountId = accountIdOf(call.param('id'));
        if (accountId === undefined) return notFound('The user does not exist.', 'inexistent_user');
        return await pageOfLogs(call.query(listQuery), { accountId }, room);
      },
    },
  ];
}

async function pageOfLogs(
  asked: z.output<typeof listQuery>,
  which: { readonly search?: Search | undefined; readonly accountId?: string | undefined },
  room: ManagementRoom,
): Promise<object> {
  const { start, limit } = stretchOf({ ...asked, take: undefined, from: undefined });
  if (start + limit > REACHED_MAX)
    throw new ManagementProblem(400, {
      message: `page: pages reach ${REACHED_MAX} logs; what is older is found by q=date:[... TO ...], or by from and take`,
      errorCode: 'invalid_paging',
    });
  const { items, total } = await findLogs(
    { ...which, order: asked.sort, start, limit, isCounted: asked.include_totals },
    room,
  );
  const picked = items.map((log) => pickedFields(log, asked));
  return pageOf('logs', { items: picked, total }, { ...asked, take: undefined, from: undefined });
}

/** @throws {ManagementProblem} */
function searchIn(q: string | undefined): Search | undefined {
  if (q === undefined || q.trim() === '') return undefined;
  const search = readSearch(q);
  const unknown = [...search.fields].find((field) => !SEARCHED.includes(field));
  if (unknown === undefined) return search;
  throw new ManagementProblem(400, {
    message: `q: logs are not searched by ${unknown}; what is known here: ${SEARCHED.join(', ')}`,
    errorCode: 'invalid_query_string',
  });
}

/** @throws {ManagementProblem} */
function placeIn(from: string | undefined): ReturnType<typeof placeOf> {
  const place = from === undefined ? undefined : placeOf(from);
  if (from === undefined || place !== undefined) return place;
  throw new ManagementProblem(400, {
    message: 'from: is no log_id that was given out here',
    errorCode: 'invalid_query_string',
  });
}
