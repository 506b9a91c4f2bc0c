import type { Compilable, SchemaModule } from 'kysely';
import type { Migration } from './migration.ts';

/** What people prove themselves with beside a password. */
export const factors: Migration = {
  name: '0003-factors',
  statements: (schema) => [
    ...passkeyTables(schema),
    ...codeTables(schema),
    schema
      .createTable('remembered_device')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
    schema
      .createIndex('remembered_device_token')
      .on('remembered_device')
      .column('token_hash')
      .unique(),
    schema.createIndex('remembered_device_by_account').on('remembered_device').column('account_id'),
  ],
};

function passkeyTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('factor_holder')
      .addColumn('account_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_handle', 'text', (column) => column.notNull()),
    schema
      .createTable('passkey')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('transports', 'text', (column) => column.notNull())
      .addColumn('aaguid', 'text', (column) => column.notNull())
      .addColumn('backup_eligible', 'bigint', (column) => column.notNull())
      .addColumn('backed_up', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint'),
    schema.createIndex('passkey_by_account').on('passkey').column('account_id'),
  ];
}

function codeTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('totp')
      .addColumn('account_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('enrolment', 'text', (column) => column.notNull())
      .addColumn('secret_sealed', 'text', (column) => column.notNull())
      .addColumn('last_step', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint'),
    schema
      .createTable('recovery_code')
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('code_hash', 'text', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .addPrimaryKeyConstraint('recovery_code_of_account', ['account_id', 'code_hash']),
  ];
}
