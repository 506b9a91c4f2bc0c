import type { Migration } from './migration.ts';

/** What single people may do at an API without a role. */
export const accountPermissions: Migration = {
  name: '0015-account-permissions',
  statements: (schema) => [
    schema
      .createTable('account_permission')
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('permission_of_account', ['account_id', 'api', 'name']),
    schema.createIndex('account_permission_by_api').on('account_permission').column('api'),
  ],
};
