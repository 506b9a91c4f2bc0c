import type { Json, JsonObject } from '../../runtime/json.ts';
import type { ExportWish } from './jobs.ts';
import type { ManagementRoom } from './room.ts';
import { usersOf } from './user-view.ts';

const AT_ONCE = 500;
/** The columns of a CSV that names none. */
const COLUMNS = [
  'user_id',
  'email',
  'email_verified',
  'username',
  'name',
  'nickname',
  'given_name',
  'family_name',
  'picture',
  'phone_number',
  'phone_verified',
  'blocked',
  'created_at',
  'updated_at',
  'last_login',
  'logins_count',
] as const;
/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

type Rooms = Pick<ManagementRoom, 'accounts' | 'metadata' | 'records'>;

/** A file of users, some at a time: a JSON object a line, or CSV (RFC 4180) with a line of titles. */
export function exportedUsers(wish: ExportWish, room: Rooms): AsyncIterable<string> {
  return linesOf(wish, columnsOf(wish), room);
}

async function* linesOf(
  wish: ExportWish,
  columns: readonly Column[],
  room: Rooms,
): AsyncGenerator<string> {
  if (wish.format === 'csv') yield csvLine(columns.map(({ title }) => title));
  for await (const users of usersByPage(wish.limit ?? Number.MAX_SAFE_INTEGER, room))
    yield users
      .map((user) =>
        wish.format === 'csv'
          ? csvLine(columns.map(({ name }) => valueAt(user, name)))
          : `${JSON.stringify(wish.fields === undefined ? user : picked(user, columns))}\n`,
      )
      .join('');
}

interface Column {
  readonly name: string;
  readonly title: string;
}

function columnsOf({ fields }: ExportWish): readonly Column[] {
  const all: NonNullable<ExportWish['fields']> = fields ?? COLUMNS.map((name) => ({ name }));
  return all.map(({ name, export_as: title = name }) => ({ name, title }));
}

async function* usersByPage(limit: number, room: Rooms): AsyncGenerator<readonly JsonObject[]> {
  let left = limit;
  for (let after: string | undefined; left > 0;) {
    const accounts = await room.accounts.list({ after, limit: Math.min(AT_ONCE, left) });
    if (accounts.length === 0) return;
    yield await usersOf(accounts, room);
    left -= accounts.length;
    after = accounts.at(-1)?.id;
  }
}

/** What is not there is left out. */
function picked(user: JsonObject, columns: readonly Column[]): JsonObject {
  return Object.fromEntries(
    columns.flatMap(({ name, title }) => {
      const value = valueAt(user, name);
      return value === undefined ? [] : [[title, value]];
    }),
  );
}

/** By a path such as `app_metadata.plan` or `identities[0].connection`. */
function valueAt(user: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = user;
  for (const step of path.split(/[.[\]]+/).filter(Boolean)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    const members: Readonly<Record<string, Json | undefined>> = Object(value);
    value = members[step];
  }
  return value;
}

function csvLine(values: readonly (Json | undefined)[]): string {
  return `${values.map(csvValue).join(',')}\r\n`;
}

function csvValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
