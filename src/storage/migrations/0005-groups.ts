import type { Compilable, SchemaModule } from 'kysely';
import type { Migration } from './migration.ts';

/** Groups and who is in them; roles and who holds them. */
export const groups: Migration = {
  name: '0005-groups',
  statements: (schema) => [...groupTables(schema), ...roleTables(schema)],
};

function groupTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('account_group')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('group_member')
      .addColumn('group_name', 'text', (column) => column.notNull())
      .addColumn('member_kind', 'text', (column) => column.notNull())
      .addColumn('member_id', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('group_member_link', ['group_name', 'member_kind', 'member_id']),
    schema
      .createIndex('group_member_by_member')
      .on('group_member')
      .columns(['member_id', 'member_kind']),
  ];
}

function roleTables(schema: SchemaModule): readonly Compilable[] {
  return [
    schema
      .createTable('role')
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('permissions', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('role_of_api', ['api', 'name']),
    schema
      .createTable('role_holder')
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('role_name', 'text', (column) => column.notNull())
      .addColumn('holder_kind', 'text', (column) => column.notNull())
      .addColumn('holder_id', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('role_holder_link', [
        'api',
        'role_name',
        'holder_kind',
        'holder_id',
      ]),
    schema
      .createIndex('role_holder_by_holder')
      .on('role_holder')
      .columns(['holder_id', 'holder_kind']),
  ];
}
