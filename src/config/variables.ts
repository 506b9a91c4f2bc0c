import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { holdsAlias } from './document.ts';
import type { Environment } from './environment.ts';
import {
  alternativesOf,
  itemsOf,
  kindOf,
  settingsOf,
  treeOf,
  type SchemaNode,
  type Setting,
} from './schema-tree.ts';
import { closest } from './spelling.ts';

const PREFIX = 'LATCHKEY_';
/** Names the configuration file; no setting. */
const RESERVED: readonly string[] = ['LATCHKEY_CONFIG'];
/** What Kubernetes sets for every service whose name begins with ours (its "service links"). */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

/** A setting that was given beside the file. */
export interface GivenValue {
  /** What errors call it: the variable, or the flag. */
  readonly name: string;
  /** Items of lists by their place. */
  readonly path: readonly (number | string)[];
  readonly value: unknown;
}

/** A variable that cannot be used. */
export interface VariableProblem {
  readonly name: string;
  readonly message: string;
}

/** `http.trustedProxies` -> `LATCHKEY_HTTP_TRUSTED_PROXIES`. */
export function variableName(path: readonly string[]): string {
  const words = path.map((name) =>
    name.replace(/(?<=[a-z0-9])(?=[A-Z])|-/g, '_').replace(/__+/g, '_'),
  );
  return `${PREFIX}${words.join('_').toUpperCase()}`;
}

/** What the environment says of the settings. */
export interface VariablesRead {
  readonly values: readonly GivenValue[];
  readonly problems: readonly VariableProblem[];
  /** Variables with our prefix that no setting has. */
  readonly unknown: readonly VariableProblem[];
}

/** Reads every `LATCHKEY_` variable by what `schema` knows. */
export function readVariables(schema: z.ZodType, environment: Environment): VariablesRead {
  const given = ours(environment);
  // The tree takes as long as all else that is done with a configuration.
  const variables = given.length > 0 ? variablesOf(treeOf(schema)) : new Map<string, Variable>();
  const values: GivenValue[] = [];
  const problems: VariableProblem[] = [];
  const unknown: VariableProblem[] = [];
  for (const [name, text] of given) {
    const variable = variables.get(name);
    const parsed = variable?.parse(text);
    if (variable === undefined || parsed === undefined) {
      if (!isForeign(name, text)) unknown.push(unknownVariable(name, variables));
    } else if ('problem' in parsed) problems.push({ name, message: parsed.problem });
    else values.push({ name, path: variable.path, value: parsed.value });
  }
  return { values, problems, unknown };
}

/** By name, so that a whole secret comes before its parts, whatever the order of the environment. */
function ours(environment: Environment): readonly (readonly [string, string])[] {
  return Object.entries(environment)
    .flatMap(([name, text]) =>
      text !== undefined && name.startsWith(PREFIX) ? [[name, text] as const] : [],
    )
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}

type Parsed = { readonly value: unknown } | { readonly problem: string };

interface Variable {
  readonly path: readonly string[];
  parse(text: string): Parsed;
}

/** Every variable that `tree` has a setting for. */
export function variablesOf(tree: SchemaNode): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const [name, variable] of settingsOf(tree).flatMap(variablesOfSetting)) {
    // Two settings of one name would make the rule ambiguous: the schema is wrong, not the operator.
    if (variables.has(name)) throw new TypeError(`two settings share the variable ${name}`);
    variables.set(name, variable);
  }
  return variables;
}

/** A secret has three: itself as YAML, and one for each place it may lie in. */
function variablesOfSetting({ path, node }: Setting): readonly (readonly [string, Variable])[] {
  const whole = [
    variableName(path),
    { path, parse: (text: string) => parseValue(text, node) },
  ] as const;
  if (kindOf(node) !== 'secret') return [whole];
  const places = ['file', 'env'].map((place) => {
    const parse = (text: string): Parsed => ({ value: { [place]: text } });
    return [variableName([...path, place]), { path, parse }] as const;
  });
  return [whole, ...places];
}

/** Texts stand as they are, lists as `[a, b]` or `a, b`, all else as YAML. */
function parseValue(text: string, node: SchemaNode): Parsed {
  const types = typesOf(node);
  if (types.size === 1 && types.has('string')) return { value: text };
  const isBracketed = text.trimStart().startsWith('[');
  const parsed = parseYaml(text);
  if ('value' in parsed && types.has(typeOf(parsed.value))) {
    // `- a` is a list in YAML; here it is the text of the only element.
    if (isBracketed || !Array.isArray(parsed.value)) return parsed;
  }
  if (types.has('array') && !isBracketed) return parseList(text, node);
  return types.has('string') ? { value: text } : parsed;
}

function parseYaml(text: string): Parsed {
  const document = parseDocument(text, { logLevel: 'error' });
  if (document.errors.length > 0 || document.warnings.length > 0 || holdsAlias(document)) {
    return { problem: 'is not valid YAML' };
  }
  return { value: document.toJS() };
}

function parseList(text: string, node: SchemaNode): Parsed {
  const items = itemsOf(node) ?? {};
  const parsed = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => parseValue(item, items));
  const wrong = parsed.find((item) => 'problem' in item);
  return wrong ?? { value: parsed.flatMap((item) => ('value' in item ? [item.value] : [])) };
}

function typesOf(node: SchemaNode): ReadonlySet<string> {
  return new Set(
    alternativesOf(node).flatMap(({ type, const: only, enum: options }) => {
      if (type !== undefined)
        return [type].flat().map((name) => (name === 'integer' ? 'number' : name));
      return only === undefined ? (options ?? []).map(typeOf) : [typeOf(only)];
    }),
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isForeign(name: string, text: string): boolean {
  const isServiceLink =
    SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_URL.test(text));
  return RESERVED.includes(name) || isServiceLink;
}

function unknownVariable(name: string, variables: ReadonlyMap<string, Variable>): VariableProblem {
  const meant = closest(name, variables.keys());
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return { name, message: `no setting has this variable${hint}` };
}
