import type { JsonObject } from '../../runtime/json.ts';
import { number, object, text, texts } from './payloads.ts';

/** A grant that allows what either allows; it lives as long as the longer of the two. */
export function mergeGrants(kept: JsonObject | undefined, added: JsonObject): JsonObject {
  if (kept === undefined) return added;
  const openid = mergeOpenid(object(kept, 'openid'), object(added, 'openid'));
  const resources = mergeScopes(object(kept, 'resources'), object(added, 'resources'));
  return {
    ...kept,
    ...added,
    ...(openid === undefined ? {} : { openid }),
    ...(resources === undefined ? {} : { resources }),
    exp: Math.max(number(kept, 'exp') ?? 0, number(added, 'exp') ?? 0),
  };
}

function mergeOpenid(
  kept: JsonObject | undefined,
  added: JsonObject | undefined,
): JsonObject | undefined {
  if (kept === undefined || added === undefined) return kept ?? added;
  const scope = joined(text(kept, 'scope'), text(added, 'scope'));
  const claims = [...new Set([...texts(kept, 'claims'), ...texts(added, 'claims')])];
  return {
    ...(scope === '' ? {} : { scope }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

/** Resource indicators with the scopes of each, separated by spaces. */
function mergeScopes(
  kept: JsonObject | undefined,
  added: JsonObject | undefined,
): JsonObject | undefined {
  if (kept === undefined || added === undefined) return kept ?? added;
  const names = new Set([...Object.keys(kept), ...Object.keys(added)]);
  return Object.fromEntries(
    [...names].map((name) => [name, joined(text(kept, name), text(added, name))]),
  );
}

function joined(...scopes: readonly (string | undefined)[]): string {
  const words = scopes.flatMap((scope) => scope?.split(' ') ?? []).filter(Boolean);
  return [...new Set(words)].join(' ');
}
