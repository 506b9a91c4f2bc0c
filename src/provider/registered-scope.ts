import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Client, ResourceServers } from '../clients/clients.ts';
import { isJsonObject, text, toJson } from './store/payloads.ts';

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

/**
 * Holds a request to the scopes that its client registered, those of APIs among them.
 *
 * @throws {errors.InvalidScope}
 */
export function refuseOtherScopes(
  { oidc }: Pick<KoaContextWithOIDC, 'oidc'>,
  client: Client | undefined,
): void {
  const asked = text(toJson(oidc.params ?? {}), 'scope') ?? '';
  const registered = new Set(text(client?.metadata ?? {}, 'scope')?.split(' '));
  const other = asked.split(' ').find((name) => name !== '' && !registered.has(name));
  if (other !== undefined) throw new errors.InvalidScope('requested scope is not allowed', other);
}
