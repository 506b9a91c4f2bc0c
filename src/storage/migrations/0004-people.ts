import type { Migration } from './migration.ts';

/** The life of an account: when it expires, locks, terms, and whether its password has to be changed. */
export const people: Migration = {
  name: '0004-people',
  // Each may be null: the release before writes rows without them.
  statements: (schema) => [
    schema.alterTable('account').addColumn('expires_at', 'bigint'),
    schema.alterTable('account').addColumn('expiry_told_at', 'bigint'),
    schema.alterTable('account').addColumn('locked_at', 'bigint'),
    schema.alterTable('account').addColumn('password_change', 'bigint'),
    schema.alterTable('account').addColumn('terms_version', 'text'),
    schema.alterTable('account').addColumn('terms_accepted_at', 'bigint'),
    schema.createIndex('account_expires_at').on('account').column('expires_at'),
  ],
};
