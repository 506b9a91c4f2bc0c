import type { Compilable, SchemaModule } from 'kysely';

/**
 * One step of the schema, taken once and never taken back. Once released it is not edited: a later step
 * corrects it. It must leave the previous release able to read and write, since both may run at once.
 */
export interface Migration {
  /** Number and words, `0001-records`: recorded in the table `migration`. */
  readonly name: string;
  /** Statements that SQLite and PostgreSQL both take: columns are `text` and `bigint`, nothing else. */
  statements(schema: SchemaModule): readonly Compilable[];
}
