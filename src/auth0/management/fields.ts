import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';

/** `true` and `false` as queries write them. */
export const queryFlag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Which members an answer has: those of `fields`, or with `include_fields=false` all others. */
export const fieldsQuery = {
  fields: z.string().max(2000).optional(),
  include_fields: queryFlag.default(true),
};

/** What is asked for of `answer`. */
export function pickedFields(
  answer: JsonObject,
  wanted: { readonly fields?: string | undefined; readonly include_fields: boolean },
): JsonObject {
  if (wanted.fields === undefined || wanted.fields === '') return answer;
  const names = new Set(wanted.fields.split(',').map((name) => name.trim()));
  return Object.fromEntries(
    Object.entries(answer).filter(([name]) => names.has(name) === wanted.include_fields),
  );
}
