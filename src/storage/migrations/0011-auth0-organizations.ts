import type { Migration } from './migration.ts';

/** Organizations of Auth0 tenants, and who is in them. */
export const auth0Organizations: Migration = {
  name: '0011-auth0-organizations',
  statements: (schema) => [
    schema
      .createTable('auth0_organization')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('display_name', 'text', (column) => column.notNull())
      .addColumn('metadata', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('auth0_organization_name', ['tenant', 'name']),
    schema
      .createTable('auth0_organization_member')
      .addColumn('organization_id', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('auth0_organization_member_key', ['organization_id', 'account_id']),
    schema
      .createIndex('auth0_organization_member_account')
      .on('auth0_organization_member')
      .column('account_id'),
  ],
};
