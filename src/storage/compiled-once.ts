import type { Compilable, CompiledQuery } from 'kysely';

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
