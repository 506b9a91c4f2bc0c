import type { Json, JsonObject } from '../../runtime/json.ts';

/** What one part of a search asks of one field. */
export type Term = {
  readonly field: string;
} & (
  | {
      readonly kind: 'value';
      /** As it was written. */
      readonly text: string;
      /** `*` stands for any characters. */
      readonly isPattern: boolean;
    }
  /** Both ends count; undefined: there is none. */
  | { readonly kind: 'range'; readonly low: string | undefined; readonly high: string | undefined }
);

/** Whether `item` has what `term` asks for. Letters count in either case, and fields may be paths (`user_metadata.plan`). */
export function holds(term: Term, item: JsonObject): boolean {
  const isMeant = testOf(term);
  return valuesAt(item, term.field.split('.')).some(isMeant);
}

function testOf(term: Term): (value: string) => boolean {
  if (term.kind === 'range') return (value) => isWithin(value, term);
  const text = term.text.toLowerCase();
  if (!term.isPattern) return (value) => value === text;
  const parts = text.split('*');
  return (value) => isLike(value, parts);
}

/** Numbers by their size, all else by its letters: whatever begins with the upper end is within, as hours are of a day. */
function isWithin(
  value: string,
  { low, high }: { readonly low: string | undefined; readonly high: string | undefined },
): boolean {
  const isAbove = low === undefined || compare(value, low.toLowerCase()) >= 0;
  const end = high?.toLowerCase();
  return isAbove && (end === undefined || value.startsWith(end) || compare(value, end) <= 0);
}

function compare(one: string, other: string): number {
  const difference = Number(one) - Number(other);
  if (!Number.isNaN(difference)) return difference;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** All that lies at a path, in lower case; lists count by what is in them. */
function valuesAt(value: Json | undefined, path: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return path.length > 0 ? [] : [String(value).toLowerCase()];
  if (isList(value)) return value.flatMap((one) => valuesAt(one, path));
  const [name, ...rest] = path;
  return name !== undefined && Object.hasOwn(value, name) ? valuesAt(value[name], rest) : [];
}

function isList(value: JsonObject | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether `text` has the parts in this order, from its beginning to its end: without a regular expression, in linear time. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length && text.endsWith(last);
}
