import type { Migration } from './migration.ts';

/** Cognito pools, and clients of pools, that are made by the API. */
export const cognitoPools: Migration = {
  name: '0007-cognito-pools',
  statements: (schema) => [
    schema
      .createTable('cognito_pool')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('cognito_client')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('pool_id', 'text', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .addColumn('secret_sealed', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('cognito_client_by_pool').on('cognito_client').columns(['pool_id']),
  ],
};
