import type { Statement } from './operation.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** The content of the whole file, kept in memory beside it. */
export interface Checkpoints {
  /** Keeps what the file holds at one moment. @throws {EngineFailure} */
  keep(name: string): Promise<void>;
  /**
   * Makes the file hold what was kept and nothing else, in one transaction. Whoever has read from it before knows what
   * is no longer so, and must be closed. @throws {EngineFailure} also when nothing is kept under this name.
   */
  bringBack(name: string): Promise<void>;
  forget(name: string): Promise<void>;
}

/** Counts what was said to other processes; they must hear of the next one. */
const ONWARD = 'state_topic';

/** Copies are temporary tables of the writer's connection: they end with it, and never touch the disk. */
export function createCheckpoints(reader: Reader, writer: Writer): Checkpoints {
  const tables = (): readonly string[] =>
    reader.read(() =>
      reader.connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ?")
        .all(ONWARD)
        .map((row) => String(row['name'])),
    );

  async function run(...texts: readonly string[]): Promise<void> {
    const statements = texts.map((sql): Statement => ({ sql, parameters: [] }));
    await writer.submit({ kind: 'write', statements });
  }

  return {
    keep: (name) =>
      run(
        ...tables().map(
          (table) =>
            `CREATE TEMPORARY TABLE ${copyOf(name, table)} AS SELECT * FROM main.${quoted(table)}`,
        ),
      ),
    bringBack: (name) =>
      run(
        ...tables().map((table) => `DELETE FROM main.${quoted(table)}`),
        ...tables().map(
          (table) => `INSERT INTO main.${quoted(table)} SELECT * FROM temp.${copyOf(name, table)}`,
        ),
        `UPDATE main.${ONWARD} SET notices = notices + 1`,
      ),
    forget: (name) => run(...tables().map((table) => `DROP TABLE temp.${copyOf(name, table)}`)),
  };
}

function copyOf(name: string, table: string): string {
  return quoted(`${name}/${table}`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
