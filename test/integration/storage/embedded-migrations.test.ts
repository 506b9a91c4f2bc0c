import { DatabaseSync } from 'node:sqlite';
import { SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareDatabaseFile } from '../../../src/storage/embedded/database-file.ts';
import { exclusively } from '../../../src/storage/embedded/exclusively.ts';
import { applyMigrations } from '../../../src/storage/migrations/apply-migrations.ts';
import type { Migration } from '../../../src/storage/migrations/migration.ts';
import { createQueryBuilder } from '../../../src/storage/query-builder.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';

const builder = createQueryBuilder({
  adapter: new SqliteAdapter(),
  compiler: new SqliteQueryCompiler(),
});
const first = makeTable('0001-first', 'first');
const second = makeTable('0002-second', 'second');

let place: EmbeddedPlace;
beforeEach(async () => {
  place = await createEmbeddedPlace();
  prepareDatabaseFile(place.file);
});
afterEach(() => place.close());

describe('migrations', () => {
  test('are taken in order, each once, and recorded', async () => {
    await migrate(first, second);
    await migrate(first, second);
    expect(names('SELECT name FROM migration ORDER BY rowid')).toEqual([
      '0001-first',
      '0002-second',
    ]);
  });

  test('that are new are added to those that were taken before', async () => {
    await migrate(first);
    await migrate(first, second);
    expect(tables()).toEqual(['first', 'migration', 'second']);
  });

  test('that fail leave nothing of themselves, nor of those before them', async () => {
    await expect(migrate(first, makeTable('0002-again', 'first'))).rejects.toThrow(
      'already exists',
    );
    expect(tables()).toEqual([]);
    await migrate(first, second);
    expect(tables()).toEqual(['first', 'migration', 'second']);
  });

  test('that only a newer release knows are left alone by an older one', async () => {
    await migrate(first, second);
    await migrate(first);
    expect(names('SELECT name FROM migration')).toHaveLength(2);
  });

  test('of nodes that start together are taken once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => migrate(first, second)));
    expect(names('SELECT name FROM migration')).toHaveLength(2);
  });
});

function migrate(...migrations: readonly Migration[]): Promise<void> {
  return applyMigrations(
    { builder, exclusively: (work) => exclusively(place.file, work) },
    migrations,
  );
}

function tables(): readonly unknown[] {
  return names(`SELECT name FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'state!_%' ESCAPE '!' ORDER BY name`);
}

function names(query: string): readonly unknown[] {
  const connection = new DatabaseSync(place.file);
  try {
    return connection
      .prepare(query)
      .all()
      .map((row) => row['name']);
  } finally {
    connection.close();
  }
}

function makeTable(name: string, table: string): Migration {
  return {
    name,
    statements: (schema) => [schema.createTable(table).addColumn('id', 'text')],
  };
}
