import type { Migration } from './migration.ts';

/** APIs that were made while the node ran, beside those of the configuration. */
export const apis: Migration = {
  name: '0014-apis',
  statements: (schema) => [
    schema
      .createTable('api')
      .addColumn('identifier', 'text', (column) => column.primaryKey().notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
  ],
};
