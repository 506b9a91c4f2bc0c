import type { z } from 'zod';
import { LatchkeyError } from '../runtime/errors.ts';
import { parseConfigDocument, type ConfigDocument, type Place } from './document.ts';
import type { Environment } from './environment.ts';
import { childrenOf, nodeAt, pathText, treeOf, type SchemaNode } from './schema-tree.ts';
import { closest } from './spelling.ts';
import { readVariables, type GivenValue, type VariableProblem } from './variables.ts';

/** Every mistake of one configuration, each with the place it is at. */
export class InvalidConfig extends LatchkeyError {
  readonly code = 'ERR_INVALID_CONFIG';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super(`the configuration has ${count}:\n  ${problems.join('\n  ')}`);
    this.problems = problems;
  }
}

/** A configuration as it was found. */
export interface ConfigSource {
  readonly file: string;
  readonly text: string;
  /** Settings of the command line, which count before all others. */
  readonly flags: readonly GivenValue[];
}

/**
 * The settings of `text`, the content of `file`, with those of `environment` laid over it: a setting at
 * `a.bC` is also read from `LATCHKEY_A_B_C`.
 *
 * @throws {InvalidConfig} when anything is wrong, with all that is wrong.
 */
export function readConfig<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
  environment: Environment = {},
): z.output<Schema> {
  return readConfigSource({ file, text, flags: [] }, schema, environment);
}

/** The same, with the settings of a command line laid over both. @throws {InvalidConfig} */
export function readConfigSource<Schema extends z.ZodType>(
  { file, text, flags }: ConfigSource,
  schema: Schema,
  environment: Environment,
): z.output<Schema> {
  const document = parseConfigDocument(text);
  const { values: variables, problems: misread, unknown } = readVariables(schema, environment);
  const values = [...variables, ...flags];
  const problems: Problem[] = [
    ...document.problems.map(({ place, message }) => ({ place, path: '', message })),
    ...misread.map(inVariable),
  ];
  // Of a file that cannot be read as YAML nothing more can be said that would help.
  if (document.value === undefined) throw failure(file, problems);

  const raw = values.reduce<unknown>(
    (whole, { path, value }) => withPart(whole, path, value),
    document.value,
  );
  const named = namedVariables(raw);
  problems.push(...unknown.filter(({ name }) => !named.has(name)).map(inVariable));
  // Read once: code that is made for it at run time would take longer than it saves.
  const result = schema.safeParse(raw, { error: plainWords, jitless: true });
  if (result.success && problems.length === 0) return result.data;
  const source: Source = { document, tree: treeOf(schema), values };
  const issues = result.error?.issues ?? [];
  throw failure(file, [...problems, ...issues.flatMap((issue) => told(issue, source))]);
}

interface Problem {
  /** In the file; undefined: in `variable`. */
  readonly place?: Place;
  readonly variable?: string;
  readonly path: string;
  readonly message: string;
}

interface Source {
  readonly document: ConfigDocument;
  readonly tree: SchemaNode;
  readonly values: readonly GivenValue[];
}

function inVariable({ name, message }: VariableProblem): Problem {
  return { variable: name, path: '', message };
}

/** In the order of the file, the environment last. */
function failure(file: string, problems: readonly Problem[]): InvalidConfig {
  const rank = ({ place }: Problem): number => place?.line ?? Infinity;
  const lines = problems
    .toSorted((left, right) =>
      rank(left) === rank(right)
        ? (left.place?.column ?? 0) - (right.place?.column ?? 0)
        : rank(left) - rank(right),
    )
    .map(({ place, variable, path, message }) => {
      const where = place ? `${file}:${place.line}:${place.column}` : (variable ?? file);
      return path === '' ? `${where}: ${message}` : `${where} ${path}: ${message}`;
    });
  return new InvalidConfig([...new Set(lines)]);
}

/** Variables of the installation's own, that a secret refers to: `{ env: LATCHKEY_DATABASE_PASSWORD }`. */
function namedVariables(value: unknown): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  const own = 'env' in value && typeof value.env === 'string' ? [value.env] : [];
  return new Set([...own, ...Object.values(value).flatMap((part) => [...namedVariables(part)])]);
}

/** A copy of `target` with `part` at `path`. What is no section stays, for the schema to refuse. */
function withPart(target: unknown, path: GivenValue['path'], part: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return part;
  if (typeof name === 'number') return withItem(target ?? [], { place: name, rest }, part);
  if (target != null && (typeof target !== 'object' || Array.isArray(target))) return target;
  const section = new Map<string, unknown>(Object.entries(target ?? {}));
  return Object.fromEntries(section.set(name, withPart(section.get(name), rest, part)));
}

/** The same of a list. */
function withItem(
  target: unknown,
  { place, rest }: { readonly place: number; readonly rest: GivenValue['path'] },
  part: unknown,
): unknown {
  if (!Array.isArray(target)) return target;
  const items: readonly unknown[] = target;
  return Object.assign([...items], { [place]: withPart(items[place], rest, part) });
}

function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : undefined;
}

function told(issue: z.core.$ZodIssue, source: Source): readonly Problem[] {
  if (issue.code !== 'unrecognized_keys') return [placed(issue.path, issue.message, source)];
  return issue.keys.map((name) => {
    const path = [...issue.path, name];
    const message = `unknown setting${hint(issue.path, name, source.tree)}`;
    return { place: source.document.placeOfName(path), path: pathText(path), message };
  });
}

/** At the variable or flag that set it or anything around or inside it, else in the file. */
function placed(path: readonly PropertyKey[], message: string, source: Source): Problem {
  const variable = source.values.findLast(({ path: set }) =>
    set.every((step, depth) => path[depth] === step),
  );
  return variable
    ? { variable: variable.name, path: pathText(path), message }
    : { place: source.document.placeOf(path), path: pathText(path), message };
}

function hint(path: readonly PropertyKey[], name: string, tree: SchemaNode): string {
  const section = nodeAt(tree, path);
  const meant = section ? closest(name, childrenOf(section).keys()) : undefined;
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
