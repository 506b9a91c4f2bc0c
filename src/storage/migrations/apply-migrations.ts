import type { Compilable, Kysely } from 'kysely';
import type { Tables } from '../tables.ts';
import { records } from './0001-records.ts';
import { mail } from './0002-mail.ts';
import { people } from './0004-people.ts';
import { groups } from './0005-groups.ts';
import { auth0Organizations } from './0011-auth0-organizations.ts';
import { auth0Users } from './0009-auth0-users.ts';
import { hooks } from './0010-hooks.ts';
import { cognitoPools } from './0007-cognito-pools.ts';
import { accountPermissions } from './0015-account-permissions.ts';
import { auth0Invitations } from './0016-auth0-invitations.ts';
import { apis } from './0014-apis.ts';
import { auth0Members } from './0019-auth0-members.ts';
import { letterOrder } from './0017-letter-order.ts';
import { cognitoSms } from './0020-cognito-sms.ts';
import { accountPhone } from './0018-account-phone.ts';
import { auditSites } from './0013-audit-sites.ts';
import { cognitoMfa } from './0012-cognito-mfa.ts';
import { cognitoParts } from './0008-cognito-parts.ts';
import { cognito } from './0006-cognito.ts';
import { factors } from './0003-factors.ts';
import type { Migration } from './migration.ts';

/** Every migration, in the order in which they are taken. */
const MIGRATIONS: readonly Migration[] = [
  records,
  mail,
  factors,
  people,
  groups,
  cognito,
  cognitoPools,
  cognitoParts,
  auth0Users,
  hooks,
  auth0Organizations,
  cognitoMfa,
  auditSites,
  apis,
  accountPermissions,
  auth0Invitations,
  letterOrder,
  accountPhone,
  auth0Members,
  cognitoSms,
];

/** Runs one statement inside the transaction and gives its rows. */
export type Run = (statement: Compilable) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What an engine lends so that its schema can be brought up to date. */
export interface MigrationHooks {
  /** Builds statements in the engine's dialect. */
  readonly builder: Kysely<Tables>;
  /** Runs `work` in one transaction, under a lock that nodes which start together share: all of it or nothing. */
  exclusively(work: (run: Run) => Promise<void>): Promise<void>;
}

/**
 * Takes the migrations that this store has not had. What a newer release has taken is left alone, so
 * that two releases may run side by side.
 */
export async function applyMigrations(
  { builder, exclusively }: MigrationHooks,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const ledger = builder.withTables<{ readonly migration: { readonly name: string } }>();
  await exclusively(async (run) => {
    await run(
      ledger.schema
        .createTable('migration')
        .ifNotExists()
        .addColumn('name', 'text', (column) => column.primaryKey().notNull()),
    );
    const rows = await run(ledger.selectFrom('migration').select('name'));
    const taken = new Set(rows.map((row) => row['name']));
    for (const { name, statements } of migrations) {
      if (taken.has(name)) continue;
      for (const statement of statements(builder.schema)) await run(statement);
      await run(ledger.insertInto('migration').values({ name }));
    }
  });
}
