import type { Json, JsonObject } from '../runtime/json.ts';
import type { DeclaredAttribute } from './attributes-config.ts';

/** One attribute of the installation that people fill in themselves, as a page shows it. */
export interface ShownAttribute {
  readonly name: string;
  readonly type: DeclaredAttribute['type'];
  readonly value: string;
  readonly values: readonly string[];
  readonly isRequired: boolean;
  readonly isWrong: boolean;
}

/** What was typed into the fields `attribute.<name>` of a form; `null` where one was left empty. */
export function typedAttributes(
  declared: readonly DeclaredAttribute[],
  form: ReadonlyMap<string, string>,
): JsonObject {
  return Object.fromEntries(
    declared.map((one) => [one.name, typedValue(one, form.get(`attribute.${one.name}`))]),
  );
}

/** `null` for a field that was left empty. */
export function typedText(text: string | undefined): string | null {
  const trimmed = (text ?? '').trim();
  return trimmed === '' ? null : trimmed;
}

/** A field, as it stands in `attributes`. `wrong`: names of the fields that cannot be as they are. */
export function shownAttribute(
  { name, type, values, required }: DeclaredAttribute,
  attributes: JsonObject,
  wrong: readonly string[],
): ShownAttribute {
  const value = attributes[name];
  return {
    name,
    type,
    values,
    value: Array.isArray(value) ? value.map(textOf).join('\n') : textOf(value),
    isRequired: required,
    isWrong: wrong.includes(name),
  };
}

/** What an `<input>` shows of a value. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Of problems such as `claims.picture: must begin with https://` or `username: ...` the fields that they are about. */
export function fieldsIn(problems: readonly string[]): readonly string[] {
  return problems.map(
    (problem) => /^(?:claims\.|attributes\.)?(?<field>\w+)/u.exec(problem)?.groups?.['field'] ?? '',
  );
}

function typedValue({ type }: DeclaredAttribute, text: string | undefined): Json {
  if (type === 'boolean') return text === 'yes';
  const trimmed = typedText(text);
  if (trimmed === null) return null;
  if (type === 'number') return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
  if (type !== 'list') return trimmed;
  const entries = trimmed.split('\n').map((line) => line.trim());
  return entries.filter((entry) => entry !== '');
}
