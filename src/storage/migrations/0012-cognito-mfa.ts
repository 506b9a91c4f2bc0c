import type { Migration } from './migration.ts';

/** Codes by e-mail as a second factor of users of Cognito pools, and which factor they prefer. */
export const cognitoMfa: Migration = {
  name: '0012-cognito-mfa',
  statements: (schema) => [
    schema.alterTable('cognito_user').addColumn('email_mfa', 'bigint'),
    schema.alterTable('cognito_user').addColumn('preferred_mfa', 'text'),
  ],
};
