import type { Migration } from './migration.ts';

/** At which origin of ours something happened, beside the issuer's: what tenants are told of is their own alone. */
export const auditSites: Migration = {
  name: '0013-audit-sites',
  statements: (schema) => [
    schema.alterTable('audit').addColumn('site', 'text'),
    schema
      .createIndex('audit_by_site')
      .on('audit')
      .columns(['site', 'type', 'at', 'account_id'])
      .where('site', 'is not', null),
  ],
};
