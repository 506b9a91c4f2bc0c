import type { Json, JsonObject } from '../runtime/json.ts';
import type { Editor } from './accounts.ts';
import type { DeclaredAttribute } from './attributes-config.ts';

/** The attributes that an installation has declared, as a door that every change goes through. */
export interface AttributeSchema {
  /** In the order of the configuration. */
  readonly declared: readonly DeclaredAttribute[];
  /** What is wrong with all the attributes of one account. */
  problems(attributes: JsonObject): readonly string[];
  /** Which of these changes are not for `editor` to make. */
  notForEditor(changes: JsonObject, editor: Editor): readonly string[];
}

const CHARACTERS_MAX = 16_384;
const ENTRIES_MAX = 100;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** With none declared, operators may write anything of a bearable size. */
export function createAttributeSchema(declared: readonly DeclaredAttribute[]): AttributeSchema {
  const byName = new Map(declared.map((one) => [one.name, one]));

  function problemsByName(attributes: JsonObject): readonly string[] {
    const unknown = Object.keys(attributes).filter((name) => !byName.has(name));
    return [
      ...unknown.map((name) => `attributes.${name}: is not declared`),
      ...declared.flatMap((one) => {
        const value = attributes[one.name];
        if (value === undefined) {
          return one.required ? [`attributes.${one.name}: is missing`] : [];
        }
        const expected = CHECKS[one.type](value, one);
        return expected === undefined ? [] : [`attributes.${one.name}: ${expected}`];
      }),
    ];
  }

  return {
    declared,
    problems(attributes) {
      if (JSON.stringify(attributes).length > CHARACTERS_MAX) return ['attributes: are too large'];
      return declared.length === 0 ? [] : problemsByName(attributes);
    },
    notForEditor(changes, editor) {
      if (editor === 'operator') return [];
      return Object.keys(changes)
        .filter((name) => byName.get(name)?.editableBy !== 'person')
        .map((name) => `attributes.${name}: cannot be changed by the person`);
    },
  };
}

type Check = (value: Json, attribute: DeclaredAttribute) => string | undefined;

/** What a value must be and is not; undefined: it is. */
const CHECKS: Readonly<Record<DeclaredAttribute['type'], Check>> = {
  string: (value, attribute) =>
    typeof value === 'string' ? unmetText(value, attribute) : 'must be text',
  number: (value) =>
    typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number',
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  date: (value) => (isDate(value) ? undefined : 'must be a date such as 2001-02-03'),
  enum: (value, { values }) =>
    values.some((one) => one === value) ? undefined : `must be one of ${values.join(', ')}`,
  list: unmetList,
};

function unmetList(value: Json, attribute: DeclaredAttribute): string | undefined {
  if (!Array.isArray(value) || value.length > ENTRIES_MAX)
    return `must be a list of at most ${ENTRIES_MAX} texts`;
  const entries: readonly Json[] = value;
  const { values } = attribute;
  for (const entry of entries) {
    if (typeof entry !== 'string') return 'must be a list of texts';
    if (values.length > 0 && !values.includes(entry))
      return `must have no entries but ${values.join(', ')}`;
    const problem = unmetText(entry, attribute);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function unmetText(
  text: string,
  { max, pattern }: Pick<DeclaredAttribute, 'max' | 'pattern'>,
): string | undefined {
  const length = Array.from(text).length;
  if (length === 0 || length > max) return `must have 1 to ${max} characters`;
  if (pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(text)) return undefined;
  return `must match ${pattern}`;
}

/** A day that the calendar has. */
function isDate(value: Json): boolean {
  if (typeof value !== 'string' || !DATE.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
}
