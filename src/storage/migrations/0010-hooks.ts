import type { Migration } from './migration.ts';

/** Calls to programs of the operator that wait to be made. */
export const hooks: Migration = {
  name: '0010-hooks',
  statements: (schema) => [
    schema
      .createTable('hook_call')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('url', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('next_try_at', 'bigint', (column) => column.notNull())
      .addColumn('gives_up_at', 'bigint', (column) => column.notNull())
      .addColumn('claimed_until', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'bigint', (column) => column.notNull()),
    schema.createIndex('hook_call_by_next_try').on('hook_call').column('next_try_at'),
  ],
};
