import type { ResourceServers } from '../clients/clients.ts';
import { isJsonObject, text } from './store/payloads.ts';

/** What a client registers, for the engine, and the scopes that it named (RFC 7591 section 2). */
interface Registration {
  readonly body: unknown;
  readonly scope: string | undefined;
}

/**
 * The engine would refuse scopes that are not its own. Those of APIs are taken out of what it sees, and kept with the
 * client all the same; what is nobody's is left for it to refuse.
 */
export function withoutApiScopes(
  body: unknown,
  resourceServers: Pick<ResourceServers, 'list'>,
): Registration {
  const scope = isJsonObject(body) ? text(body, 'scope') : undefined;
  if (!isJsonObject(body) || scope === undefined) return { body, scope: undefined };
  const ofApis = new Set(resourceServers.list().flatMap(({ scopes }) => [...scopes.keys()]));
  const others = scope.split(' ').filter((name) => !ofApis.has(name));
  const { scope: _, ...rest } = body;
  return { body: others.length === 0 ? rest : { ...rest, scope: others.join(' ') }, scope };
}
