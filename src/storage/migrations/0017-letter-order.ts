import type { Migration } from './migration.ts';

/** In which order letters of one second came. Those of the release before have none: 0. */
export const letterOrder: Migration = {
  name: '0017-letter-order',
  statements: (schema) => [
    schema
      .alterTable('letter')
      .addColumn('arrived_ms', 'bigint', (column) => column.notNull().defaultTo(0)),
  ],
};
