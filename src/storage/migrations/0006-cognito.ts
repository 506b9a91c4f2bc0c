import type { Migration } from './migration.ts';

/** Users of Cognito pools, each an account. */
export const cognito: Migration = {
  name: '0006-cognito',
  statements: (schema) => [
    schema
      .createTable('cognito_user')
      .addColumn('pool_id', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('login_key', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('attributes', 'text', (column) => column.notNull())
      .addColumn('software_token', 'bigint')
      .addColumn('srp_salt', 'text')
      .addColumn('srp_verifier_sealed', 'text')
      .addColumn('password_number', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('cognito_user_of_pool', ['pool_id', 'account_id']),
    schema
      .createIndex('cognito_user_by_login')
      .on('cognito_user')
      .columns(['pool_id', 'login_key'])
      .unique(),
    schema.createIndex('cognito_user_by_name').on('cognito_user').columns(['pool_id', 'username']),
    schema.createIndex('cognito_user_by_account').on('cognito_user').columns(['account_id']),
  ],
};
