import type { Migration } from './migration.ts';

/** What a Cognito pool has beside its clients and users: resource servers, domains, and what it says of groups. */
export const cognitoParts: Migration = {
  name: '0008-cognito-parts',
  statements: (schema) => [
    schema
      .createTable('cognito_resource_server')
      .addColumn('pool_id', 'text', (column) => column.notNull())
      .addColumn('identifier', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('cognito_resource_server_of_pool', ['pool_id', 'identifier']),
    schema
      .createTable('cognito_domain')
      .addColumn('domain', 'text', (column) => column.primaryKey().notNull())
      .addColumn('pool_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull()),
    schema
      .createIndex('cognito_domain_of_pool')
      .on('cognito_domain')
      .columns(['pool_id', 'kind'])
      .unique(),
    schema
      .createTable('cognito_group')
      .addColumn('pool_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('description', 'text')
      .addColumn('precedence', 'bigint')
      .addColumn('role_arn', 'text')
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('cognito_group_of_pool', ['pool_id', 'name']),
  ],
};
