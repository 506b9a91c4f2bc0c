import type { Migration } from './migration.ts';

/** What Auth0 tenants keep of people beside the account. */
export const auth0Users: Migration = {
  name: '0009-auth0-users',
  statements: (schema) => [
    schema
      .createTable('auth0_user')
      .addColumn('account_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_metadata', 'text', (column) => column.notNull())
      .addColumn('app_metadata', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
  ],
};
