import type { Migration } from './migration.ts';

/** Codes by SMS as a second factor of users of Cognito pools. */
export const cognitoSms: Migration = {
  name: '0020-cognito-sms',
  statements: (schema) => [schema.alterTable('cognito_user').addColumn('sms_mfa', 'bigint')],
};
