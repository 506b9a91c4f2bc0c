import {
  SqliteAdapter,
  SqliteQueryCompiler,
  type Compilable,
  type RootOperationNode,
} from 'kysely';
import { applyMigrations } from '../migrations/apply-migrations.ts';
import { createQueryBuilder } from '../query-builder.ts';
import { RecordConflict, RecordsUnavailable, type Records } from '../records.ts';
import type { StateHealth } from '../state.ts';
import { exclusively } from './exclusively.ts';
import { EngineFailure } from './faults.ts';
import type { Answer, StatementResult } from './operation.ts';
import type { Reader } from './reader.ts';
import { createStatements, toStatement } from './statements.ts';
import type { Writer } from './writer.ts';

/** What records are made of. */
export interface EmbeddedRecordsOptions {
  readonly file: string;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly health: () => StateHealth;
  /** Lets go of the file. */
  readonly release: () => Promise<void>;
}

/** What may be inserted although the disk is full: the trace of what else is still done then. */
const ESSENTIAL_INSERTS: ReadonlySet<string> = new Set([
  'audit',
  'installation',
  'revocation_outbox',
]);

/** Records over the embedded file: reads at once, on this thread; writes through the writer. */
export function createEmbeddedRecords(options: EmbeddedRecordsOptions): Records {
  const { file, reader, writer, health, release } = options;
  const builder = createQueryBuilder({
    adapter: new SqliteAdapter(),
    compiler: new SqliteQueryCompiler(),
  });
  const prepare = createStatements(reader.connection);
  let isClosed = false;

  async function guarded<Result>(act: () => Result | Promise<Result>): Promise<Result> {
    try {
      if (isClosed) throw new EngineFailure('lost', 'the records are closed');
      return await act();
    } catch (error) {
      throw recordsError(error);
    }
  }

  /** The compiled query says which rows it gives; SQLite gives them as columns of those names. */
  async function select<Row>(query: Compilable<Row>): Promise<readonly Row[]> {
    const { sql, parameters } = toStatement(query.compile());
    await reader.turn();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely derived `Row` from this very statement
    return reader.read(() => prepare(sql).all(...parameters)) as unknown as readonly Row[];
  }

  return {
    queries: builder,
    all: (query) => guarded(() => select(query)),
    first: (query) => guarded(async () => (await select(query))[0]),
    write: (...queries) =>
      guarded(async () => {
        if (queries.length === 0) return [];
        const compiled = queries.map((query) => query.compile());
        const essential = compiled.every((each) => isEssential(each.query));
        const statements = compiled.map(toStatement);
        return results(await writer.submit({ kind: 'write', statements }, { essential }));
      }),
    migrate: () =>
      guarded(() => applyMigrations({ builder, exclusively: (work) => exclusively(file, work) })),
    health: async () => (isClosed ? { ok: false, remarks: ['the records are closed'] } : health()),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await release();
    },
  };
}

/** Updates and deletes need next to no room; what they take away must be taken away. */
function isEssential(query: RootOperationNode): boolean {
  if (query.kind === 'UpdateQueryNode' || query.kind === 'DeleteQueryNode') return true;
  if (query.kind !== 'InsertQueryNode') return false;
  return ESSENTIAL_INSERTS.has(query.into?.table.identifier.name ?? '');
}

function results(answer: Answer): readonly StatementResult[] {
  if (typeof answer === 'number') throw new TypeError('the writer answered a batch with a number');
  return answer;
}

function recordsError(error: unknown): unknown {
  if (!(error instanceof EngineFailure)) return error;
  switch (error.fault) {
    case 'conflict':
      return new RecordConflict(error.message, { cause: error });
    case 'other':
      return new TypeError(error.message, { cause: error });
    case 'full':
    case 'busy':
    case 'corrupt':
    case 'device':
    case 'lost':
      return new RecordsUnavailable(error.message, { cause: error });
  }
}
