import type { AdapterPayload } from 'oidc-provider';
import type { Json, JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';

/** Whether `value` is an object of JSON, and no array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What an engine's model gave us to keep, as JSON: without members that are undefined, so that what is
 * read back is what was written.
 */
export function toJson(payload: object): JsonObject {
  const value: unknown = JSON.parse(JSON.stringify(payload));
  if (!isJsonObject(value)) throw new TypeError('the payload of a model is no object');
  return value;
}

/** The same the other way round: what `toJson` wrote, for the engine to read. */
export function toPayload(value: JsonObject, jti: string): AdapterPayload {
  return { ...value, jti };
}

/** The same for models that the engine changes in place, so that what was read stays as it was read. */
export function toOwnPayload(value: JsonObject, jti: string): AdapterPayload {
  // A third of the time of a structured clone, and JSON is all there is.
  return { ...toJson(value), jti };
}

/** The object in `entry` when it is of `kind`: a code is never taken for a token, whatever key it lies under. */
export function ofKind(entry: Entry | undefined, kind: string): JsonObject | undefined {
  const value = entry?.value;
  return isJsonObject(value) && value['kind'] === kind ? value : undefined;
}

/** A member that must be text. */
export function text(value: JsonObject, name: string): string | undefined {
  const member = value[name];
  return typeof member === 'string' ? member : undefined;
}

/** A member that must be a number. */
export function number(value: JsonObject, name: string): number | undefined {
  const member = value[name];
  return typeof member === 'number' ? member : undefined;
}

/** A member that must be an object. */
export function object(value: JsonObject, name: string): JsonObject | undefined {
  const member = value[name];
  return isJsonObject(member) ? member : undefined;
}

/** The texts of a member that must be a list. */
export function texts(value: JsonObject, name: string): readonly string[] {
  const member: Json | undefined = value[name];
  return Array.isArray(member) ? member.filter((item) => typeof item === 'string') : [];
}
