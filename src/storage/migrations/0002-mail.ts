import type { Migration } from './migration.ts';

/** Letters to people: those that wait, and for a while those that went. */
export const mail: Migration = {
  name: '0002-mail',
  statements: (schema) => [
    schema
      .createTable('letter')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('recipient', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('content', 'text')
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('next_try_at', 'bigint', (column) => column.notNull())
      .addColumn('gives_up_at', 'bigint', (column) => column.notNull())
      .addColumn('claimed_until', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'bigint', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('last_error', 'text'),
    schema.createIndex('letter_by_next_try').on('letter').columns(['state', 'next_try_at']),
    schema.createIndex('letter_by_time').on('letter').column('created_at'),
  ],
};
