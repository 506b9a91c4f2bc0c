import type { Compilable, SchemaModule } from 'kysely';
import type { Migration } from './migration.ts';

/** The first tables: people, clients, consents, the audit trail, the revocation outbox, the installation. */
export const records: Migration = {
  name: '0001-records',
  statements: (schema) => [
    ...accountTables(schema),
    ...clientTables(schema),
    ...auditTables(schema),
    schema
      .createTable('revocation_outbox')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('entry', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('installation')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('value', 'text', (column) => column.notNull()),
  ],
};

function accountTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('account')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('username', 'text')
      .addColumn('username_key', 'text')
      .addColumn('email', 'text')
      .addColumn('email_key', 'text')
      .addColumn('email_verified', 'bigint', (column) => column.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('claims', 'text', (column) => column.notNull())
      .addColumn('attributes', 'text', (column) => column.notNull())
      .addColumn('owner', 'bigint', (column) => column.notNull())
      .addColumn('disabled_at', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull()),
    schema.createIndex('account_username_key').on('account').column('username_key').unique(),
    schema.createIndex('account_email_key').on('account').column('email_key').unique(),
    schema
      .createTable('retired_account')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('retired_at', 'bigint', (column) => column.notNull()),
  ];
}

function clientTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('client')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('metadata', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text')
      .addColumn('secret_sealed', 'text')
      .addColumn('secret_expires_at', 'bigint')
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('consent')
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('allowed', 'text', (column) => column.notNull())
      .addColumn('granted_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('consent_pair', ['account_id', 'client_id']),
    schema.createIndex('consent_by_client').on('consent').column('client_id'),
  ];
}

function auditTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('audit')
      .addColumn('node', 'text', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text')
      .addColumn('client_id', 'text')
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_link', ['node', 'number']),
    schema.createIndex('audit_by_time').on('audit').column('at'),
    schema.createIndex('audit_by_account').on('audit').columns(['account_id', 'at']),
  ];
}
