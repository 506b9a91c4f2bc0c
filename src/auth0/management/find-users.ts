import { z } from 'zod';
import type { Account } from '../../accounts/accounts.ts';
import { accountOf } from '../../accounts/account-row.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { accountIdOf } from '../subjects.ts';
import { readSearch, type Search } from './lucene.ts';
import { stretchOf, type Stretch } from './paging.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import { accountsBetween, countAccounts, type Order, SORT_COLUMNS } from './user-queries.ts';
import { usersOf } from './user-view.ts';

/** Some of the users, and how many there are in all. */
export interface FoundUsers {
  readonly items: readonly JsonObject[];
  readonly total: number;
}

/** A search without an exact name looks at everybody: among more people it is refused. */
const LOOKED_AT_MAX = 10_000;
const LOOKED_AT_ONCE = 500;
const SORT = /^(?<by>[a-z_]+):(?<direction>1|-1)$/;
const DEFAULT_ORDER: Order = { by: 'created_at', isDescending: false };

/** `field:1` or `field:-1`. */
export const sortQuery = z
  .string()
  .transform((text, context): Order => {
    const { by, direction } = SORT.exec(text)?.groups ?? {};
    const known = Object.keys(SORT_COLUMNS).find((name): name is Order['by'] => name === by);
    if (known !== undefined) return { by: known, isDescending: direction === '-1' };
    const names = Object.keys(SORT_COLUMNS).join(', ');
    context.addIssue({ code: 'custom', message: `expected FIELD:1 or FIELD:-1, of ${names}` });
    return z.NEVER;
  })
  .default(DEFAULT_ORDER);

/** Whom `q` finds, or everybody, in an order. @throws {ManagementProblem} */
export async function findUsers(
  asked: { readonly q?: string | undefined; readonly sort: Order } & Parameters<
    typeof stretchOf
  >[0],
  room: ManagementRoom,
): Promise<FoundUsers> {
  const stretch = stretchOf(asked);
  if (asked.q === undefined || asked.q.trim() === '')
    return await everybody(stretch, asked.sort, room);
  const found = await search(readSearch(asked.q), asked.sort, room);
  const { start, limit } = stretch;
  return { items: found.slice(start, start + limit), total: found.length };
}

async function everybody(
  stretch: Stretch,
  order: Order,
  room: ManagementRoom,
): Promise<FoundUsers> {
  const { records } = room;
  const [accounts, counted] = await Promise.all([
    accountsIn(stretch, order, room),
    records.first(countAccounts(records.queries)),
  ]);
  return { items: await usersOf(accounts, room), total: Number(counted?.count) };
}

async function accountsIn(
  stretch: Stretch,
  order: Order,
  { records, clock }: ManagementRoom,
): Promise<readonly Account[]> {
  const rows = await records.all(accountsBetween(records.queries, stretch, order));
  return rows.map((row) => accountOf(row, clock.now()));
}

async function search(
  wanted: Search,
  order: Order,
  room: ManagementRoom,
): Promise<readonly JsonObject[]> {
  const named = await namedBy(wanted, room);
  if (named !== undefined) return matching(await usersOf(named, room), wanted);
  const { records } = room;
  const counted = await records.first(countAccounts(records.queries));
  if (Number(counted?.count) > LOOKED_AT_MAX)
    throw new ManagementProblem(400, {
      message: `q: among more than ${LOOKED_AT_MAX} people only email:"...", username:"..." or user_id:"..." are looked for`,
      errorCode: 'invalid_query_string',
    });
  const found: JsonObject[] = [];
  for (let start = 0; start < LOOKED_AT_MAX; start += LOOKED_AT_ONCE) {
    const accounts = await accountsIn({ start, limit: LOOKED_AT_ONCE }, order, room);
    found.push(...matching(await usersOf(accounts, room), wanted));
    if (accounts.length < LOOKED_AT_ONCE) break;
  }
  return found;
}

/** Undefined: the search is by no name that accounts are found by. */
async function namedBy(
  wanted: Search,
  { accounts }: Pick<ManagementRoom, 'accounts'>,
): Promise<readonly Account[] | undefined> {
  const login = oneOf(wanted, 'email') ?? oneOf(wanted, 'username');
  const userId = oneOf(wanted, 'user_id');
  if (login === undefined && userId === undefined) return undefined;
  const account =
    login === undefined
      ? await accounts.find(accountIdOf(userId ?? '') ?? '')
      : await accounts.findByLogin(login);
  return account === undefined ? [] : [account];
}

function oneOf(wanted: Search, field: string): string | undefined {
  const [only, ...others] = wanted.exactly(field) ?? [];
  return others.length === 0 ? only : undefined;
}

/** `blocked` is left out of users that are not, and found all the same. */
function matching(users: readonly JsonObject[], wanted: Search): readonly JsonObject[] {
  return users.filter((user) => wanted.matches({ blocked: false, ...user }));
}
