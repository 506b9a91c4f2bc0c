import type { Migration } from './migration.ts';

/** The telephone number by which somebody signs in: nobody else's. */
export const accountPhone: Migration = {
  name: '0018-account-phone',
  statements: (schema) => [
    schema.alterTable('account').addColumn('phone', 'text'),
    schema.createIndex('account_phone').on('account').column('phone').unique(),
  ],
};
