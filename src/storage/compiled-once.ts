import type { Compilable, CompiledQuery } from 'kysely';
import type { Queries } from './records.ts';

/**
 * `statement` for any parameters, compiled when it is first run: building and compiling costs as much as SQLite takes to
 * answer. `statement` is built with samples; the parameters are given in the order in which it names them.
 */
export function compiledOnce<Row>(
  statement: Compilable<Row>,
): (parameters: readonly unknown[]) => Compilable<Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return (parameters) => ({
    compile() {
      compiled ??= statement.compile();
      if (parameters.length !== compiled.parameters.length)
        throw new TypeError(`the statement takes ${compiled.parameters.length} parameters`);
      return { ...compiled, parameters };
    },
  });
}

/** The same for a statement that several places run, each with the builder at hand. */
export function compiledFor<Row>(
  build: (queries: Queries) => Compilable<Row>,
): (queries: Queries, ...parameters: readonly unknown[]) => Compilable<Row> {
  const known = new WeakMap<Queries, ReturnType<typeof compiledOnce<Row>>>();
  return (queries, ...parameters) => {
    const statement = known.get(queries) ?? compiledOnce(build(queries));
    known.set(queries, statement);
    return statement(parameters);
  };
}
