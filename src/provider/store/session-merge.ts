import type { Json, JsonObject } from '../../runtime/json.ts';
import { object } from './payloads.ts';

/**
 * A session after two requests changed it at once: what `ours` changed against `base`, on top of `current`.
 * The authorizations of clients are merged singly, so that no client is forgotten at sign-out.
 */
export function mergeSessions(versions: {
  readonly base: JsonObject;
  readonly current: JsonObject;
  readonly ours: JsonObject;
}): JsonObject {
  const { base, current, ours } = versions;
  const part = (session: JsonObject): JsonObject => object(session, 'authorizations') ?? {};
  const authorizations = mergeFields({
    base: part(base),
    current: part(current),
    ours: part(ours),
  });
  const merged = mergeFields(versions);
  return Object.keys(authorizations).length === 0 ? merged : { ...merged, authorizations };
}

function mergeFields(versions: {
  readonly base: JsonObject;
  readonly current: JsonObject;
  readonly ours: JsonObject;
}): JsonObject {
  const { base, current, ours } = versions;
  const names = new Set([...Object.keys(current), ...Object.keys(ours)]);
  const fields = [...names].flatMap((name): readonly (readonly [string, Json])[] => {
    const value = isSame(base[name], ours[name]) ? current[name] : ours[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(fields);
}

function isSame(left: Json | undefined, right: Json | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
