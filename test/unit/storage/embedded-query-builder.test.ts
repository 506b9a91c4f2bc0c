import { SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { expect, test } from 'vitest';
import { createQueryBuilder } from '../../../src/storage/query-builder.ts';

const builder = createQueryBuilder({
  adapter: new SqliteAdapter(),
  compiler: new SqliteQueryCompiler(),
});

test('a statement is built, with its values beside it', () => {
  const query = builder.selectFrom('account').select('id').where('email_key', '=', 'a@b.c');
  expect(query.compile()).toMatchObject({
    sql: 'select "id" from "account" where "email_key" = ?',
    parameters: ['a@b.c'],
  });
});

test('a statement that is run past the doors of the records fails, rather than finding nothing', async () => {
  const query = builder.selectFrom('account').select('id');
  await expect(query.execute()).rejects.toThrow('hand the statement to');
  await expect(builder.transaction().execute(() => query.execute())).rejects.toThrow(TypeError);
});
