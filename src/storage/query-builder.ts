import { Kysely, type DialectAdapter, type Driver, type QueryCompiler } from 'kysely';
import type { Tables } from './tables.ts';

/** What a dialect of SQL needs so that statements can be built in it. */
export interface BuilderParts {
  readonly adapter: DialectAdapter;
  readonly compiler: QueryCompiler;
}

/** Builds statements in one dialect. None can be run through it: an engine takes what `compile()` gives. */
export function createQueryBuilder({ adapter, compiler }: BuilderParts): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => adapter,
      createQueryCompiler: () => compiler,
      createDriver: () => COMPILE_ONLY,
      createIntrospector: refuse,
    },
  });
}

/**
 * Kysely's own `DummyDriver` would run nothing and say that it found no rows. It is `init` that refuses, since
 * after a refused connection Kysely would wait for it to be given back.
 */
const COMPILE_ONLY: Driver = {
  init: async () => refuse(),
  acquireConnection: async () => refuse(),
  beginTransaction: async () => refuse(),
  commitTransaction: async () => refuse(),
  rollbackTransaction: async () => refuse(),
  releaseConnection: async () => undefined,
  destroy: async () => undefined,
};

function refuse(): never {
  throw new TypeError('hand the statement to `all`, `first` or `write` of the records');
}
