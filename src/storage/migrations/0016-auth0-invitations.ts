import type { Migration } from './migration.ts';

/** Invitations to organizations of Auth0 tenants. */
export const auth0Invitations: Migration = {
  name: '0016-auth0-invitations',
  statements: (schema) => [
    schema
      .createTable('auth0_invitation')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('organization_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull())
      .addColumn('email_key', 'text', (column) => column.notNull())
      .addColumn('inviter', 'text', (column) => column.notNull())
      .addColumn('ticket_hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
    schema
      .createIndex('auth0_invitation_organization')
      .on('auth0_invitation')
      .column('organization_id'),
  ],
};
