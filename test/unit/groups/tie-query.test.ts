import { DatabaseSync } from 'node:sqlite';
import { SqliteAdapter, SqliteQueryCompiler, type Compilable } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peopleWithin } from '../../../src/groups/group-queries.ts';
import { tiesOf } from '../../../src/groups/tie-query.ts';
import { groups } from '../../../src/storage/migrations/0005-groups.ts';
import { accountPermissions } from '../../../src/storage/migrations/0015-account-permissions.ts';
import { createQueryBuilder } from '../../../src/storage/query-builder.ts';

const builder = createQueryBuilder({
  adapter: new SqliteAdapter(),
  compiler: new SqliteQueryCompiler(),
});
let file: DatabaseSync;

beforeAll(() => {
  file = new DatabaseSync(':memory:');
  for (const { statements } of [groups, accountPermissions])
    for (const statement of statements(builder.schema)) file.exec(statement.compile().sql);
});
afterAll(() => file.close());

/** What SQLite would read from end to end; the groups that were reached are what it has found itself. */
function scansOf(statement: Compilable, parameters: readonly string[]): readonly unknown[] {
  const plan = file.prepare(`explain query plan ${statement.compile().sql}`).all(...parameters);
  return plan
    .map(({ detail }) => String(detail))
    .filter((detail) => /^SCAN (?!reached|within)/u.test(detail));
}

test('what one person holds is found without reading what others do, on a store that knows no sizes', () => {
  expect(scansOf(tiesOf(builder), ['alice', 'alice', 'alice', 'alice'])).toEqual([]);
});

test('the people in a group are found without reading those in others', () => {
  expect(scansOf(peopleWithin(builder, 'staff', 10), ['staff', '10'])).toEqual([]);
});
