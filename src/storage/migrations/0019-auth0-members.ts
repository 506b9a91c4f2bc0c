import type { Migration } from './migration.ts';

/** What whoever accepts an invitation may do in the organization. Invitations of the release before give no roles. */
export const auth0Members: Migration = {
  name: '0019-auth0-members',
  statements: (schema) => [
    schema
      .alterTable('auth0_invitation')
      .addColumn('roles', 'text', (column) => column.notNull().defaultTo('[]')),
  ],
};
