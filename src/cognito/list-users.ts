import { z } from 'zod';
import { poolOf } from './addressed.ts';
import { attributeList } from './attributes.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import { usersAfter } from './user-queries.ts';
import { statusOf, userView } from './user-view.ts';
import type { PoolUser } from './users.ts';

const LIMIT_MAX = 60;
/** How many users one request looks at: a filter that few match gives fewer, and a token to go on by. */
const LOOKED_AT_MAX = 600;
const FILTER = /^\s*"?(?<name>[\w:]+)"?\s*(?<how>\^?=)\s*"(?<value>(?:[^"\\]|\\.)*)"\s*$/;

/** `ListUsers`: those of the pool, a page at a time, all or those whose attribute is, or begins with, a text. */
export function listUsers(room: Room): Operation {
  const input = z.object({
    UserPoolId: z.string(),
    Filter: z.string().max(256).nullish(),
    Limit: z.int().min(0).max(LIMIT_MAX).nullish(),
    PaginationToken: z.string().max(1024).nullish(),
    AttributesToGet: z.array(z.string()).nullish(),
  });
  return signedOperation(input, async (given) => {
    const pool = await poolOf(given.UserPoolId, room);
    const matches = readFilter(given.Filter ?? '');
    const { found, next } = await look(
      { pool, after: given.PaginationToken ?? '', limit: given.Limit || LIMIT_MAX, matches },
      room,
    );
    return {
      Users: found.map((user) => userView(user, 'Attributes', given.AttributesToGet ?? undefined)),
      ...(next !== undefined && { PaginationToken: next }),
    };
  });
}

interface Look {
  readonly pool: Pool;
  /** The id of the account that was looked at last. */
  readonly after: string;
  readonly limit: number;
  readonly matches: (user: PoolUser) => boolean;
}

/** Goes through the pool until the page is full, or so many were looked at that the rest is for another request. */
async function look(
  { pool, after, limit, matches }: Look,
  { records, users }: Room,
): Promise<{ readonly found: readonly PoolUser[]; readonly next: string | undefined }> {
  const found: PoolUser[] = [];
  let last = after;
  for (let seen = 0; seen < LOOKED_AT_MAX;) {
    const page = { after: last, limit: LIMIT_MAX };
    const rows = await records.all(usersAfter(records.queries, pool.id, page));
    for (const row of rows) {
      if (found.length === limit) return { found, next: last };
      const user = await users.byAccount(pool, row.account_id);
      if (user !== undefined && matches(user)) found.push(user);
      last = row.account_id;
    }
    if (rows.length < LIMIT_MAX) return { found, next: undefined };
    seen += rows.length;
  }
  return { found, next: last };
}

/** @throws {CognitoException} */
function readFilter(text: string): (user: PoolUser) => boolean {
  if (text === '') return () => true;
  const { name, how, value: written } = FILTER.exec(text)?.groups ?? {};
  if (name === undefined || written === undefined)
    throw new CognitoException('InvalidParameterException', 'Error while parsing filter.');
  const value = written.replaceAll(/\\(.)/g, '$1');
  return (user) => {
    const has = valueOf(user, name);
    return how === '=' ? has === value : has?.startsWith(value) === true;
  };
}

function valueOf(user: PoolUser, name: string): string | undefined {
  switch (name) {
    case 'username':
      return user.row.username;
    case 'cognito:user_status':
      return statusOf(user);
    case 'status':
      return user.account.state === 'active' ? 'Enabled' : 'Disabled';
    default:
      return attributeList(user).find(({ Name }) => Name === name)?.Value;
  }
}
