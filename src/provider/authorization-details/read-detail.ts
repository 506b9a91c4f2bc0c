import type { JsonObject } from '../../runtime/json.ts';
import { isJsonObject } from '../store/payloads.ts';
import type { DetailType, Words } from './detail-type.ts';

type Field = DetailType['fields'][number];

/** One value of a detail, as people are shown it. */
export interface ShownField {
  readonly label: Words;
  readonly values: readonly string[];
}

/** What could act on a page, or be read as something else. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;
const ENTRIES_MAX = 50;

/**
 * What is wrong with `detail`; undefined: nothing. Says nothing of what the client wrote. Whatever is not declared is
 * a mistake (RFC 9396 section 5), so that people see all that a token says.
 */
export function problemOfDetail(
  detail: JsonObject,
  { type, fields }: DetailType,
): string | undefined {
  const members = membersOf(detail);
  const known = new Map(fields.map((one) => [one.name, one]));
  if ([...members.keys()].some((name) => !known.has(name)))
    return `has a member that '${type}' does not have`;
  const wrong = fields.find((one) => !isGood(members.get(one.name), one));
  return wrong && `'${wrong.name}' is not as '${type}' wants it`;
}

/** What is in `detail`, which has no problem, in the order in which its type was declared. */
export function shownFields(detail: JsonObject, { fields }: DetailType): readonly ShownField[] {
  const members = membersOf(detail);
  return fields.flatMap(({ name, label }) => {
    const value = members.get(name);
    return value === undefined ? [] : [{ label, values: [value].flat().map(String) }];
  });
}

/** By path. An empty object has a path, too, so that it is no way to say what nobody reads. */
function membersOf(detail: JsonObject): ReadonlyMap<string, unknown> {
  const { type: _, ...rest } = detail;
  return new Map(leavesOf(rest, ''));
}

function leavesOf(value: JsonObject, before: string): readonly (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([name, member]) => {
    // A dot in a name would make it another's path.
    const path = `${before}${name.includes('.') ? '..' : name}`;
    const isInner = isJsonObject(member) && Object.keys(member).length > 0;
    return isInner ? leavesOf(member, `${path}.`) : [[path, member] as const];
  });
}

function isGood(value: unknown, field: Field): boolean {
  if (value === undefined) return !field.required;
  switch (field.type) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'list':
      return (
        Array.isArray(value) &&
        value.length > 0 &&
        value.length <= ENTRIES_MAX &&
        value.every((entry) => isGoodText(entry, field))
      );
    case 'text':
      return isGoodText(value, field);
  }
}

function isGoodText(value: unknown, { values, pattern, max }: Field): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= max &&
    !UNSEEN.test(value) &&
    (values.length === 0 || values.includes(value)) &&
    (pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(value))
  );
}
