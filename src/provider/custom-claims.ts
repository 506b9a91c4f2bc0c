import type { ResourceServer, ResourceServers } from '../clients/clients.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import type { ProtocolSettings } from './config.ts';
import { valueOf, type Subject } from './rights-claims.ts';
import { definedOnly } from './standard-claims.ts';

type Custom = ProtocolSettings['claims']['custom'][number];

/** A place where a claim can be told. */
export type ClaimPlace = Custom['in'][number];

/** Who is told, and what was granted. */
export interface Audience {
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  /** In an access token, the API it is for; undefined: none was named. */
  readonly api?: ResourceServer | undefined;
  /** Nobody else can read the token: what is sensitive may stand in it. */
  readonly isEncrypted?: boolean | undefined;
}

/** Claims of the installation, from attributes of accounts and from what people are and may do. */
export interface CustomClaims {
  /** The claims that each scope stands for, for the engine; those that need none come with `openid`. */
  readonly byScope: ReadonlyMap<string, readonly string[]>;
  /** Those told in any of `places`. Sensitive ones stand in no token that is not encrypted. */
  tell(subject: Subject, audience: Audience, places: readonly ClaimPlace[]): Promise<JsonObject>;
  /** Those that an API asks for in its tokens. */
  forApi(subject: Subject, audience: Audience): Promise<JsonObject>;
}

/** The claims of the section `claims`. */
export function createCustomClaims(settings: ProtocolSettings['claims']): CustomClaims {
  const sensitive = new Set(settings.sensitive);
  return {
    byScope: byScope(settings.custom),
    async tell(subject, audience, places) {
      const isToken = !places.every((place) => place === 'userinfo') || places.length > 1;
      const told = settings.custom
        .filter((one) => one.in.some((place) => places.includes(place)))
        .filter(
          (one) => !(isToken && audience.isEncrypted !== true && sensitive.has(one.attribute)),
        )
        .filter((one) => applies(one, audience));
      const api = audience.api?.identifier;
      return valuesOf(
        told.map(({ claim, attribute, prefix }) => [
          claim,
          valueOf(subject, attribute, { api, prefix }),
        ]),
      );
    },
    async forApi(subject, { api, isEncrypted }) {
      const asked = [...(api?.claims ?? [])].filter(
        ([, attribute]) => isEncrypted === true || !sensitive.has(attribute),
      );
      return valuesOf(
        asked.map(([claim, attribute]) => [
          claim,
          valueOf(subject, attribute, { api: api?.identifier }),
        ]),
      );
    },
  };
}

/** Names of claims that may stand in encrypted tokens alone, of whichever API. */
export function sensitiveClaims(
  { sensitive, custom }: ProtocolSettings['claims'],
  resourceServers: ResourceServers,
): ReadonlySet<string> {
  const told = [
    ...custom.map(({ claim, attribute }) => [claim, attribute] as const),
    ...resourceServers.list().flatMap(({ claims }) => [...claims]),
  ];
  return new Set(
    told.filter(([, attribute]) => sensitive.includes(attribute)).map(([claim]) => claim),
  );
}

async function valuesOf(
  claims: readonly (readonly [string, Promise<Json | undefined>])[],
): Promise<JsonObject> {
  return definedOnly(
    await Promise.all(claims.map(async ([claim, value]) => [claim, await value] as const)),
  );
}

function byScope(custom: readonly Custom[]): ReadonlyMap<string, readonly string[]> {
  const claims = new Map<string, readonly string[]>();
  for (const { claim, scopes } of custom) {
    for (const scope of scopes.length === 0 ? ['openid'] : scopes)
      claims.set(scope, [...(claims.get(scope) ?? []), claim]);
  }
  return claims;
}

function applies({ clients, apis, scopes }: Custom, audience: Audience): boolean {
  const isFor = (list: readonly string[], has: (name: string) => boolean): boolean =>
    list.length === 0 || list.some(has);
  return (
    isFor(clients, (id) => id === audience.clientId) &&
    isFor(scopes, (scope) => audience.scopes.has(scope)) &&
    isFor(apis, (identifier) => identifier === audience.api?.identifier)
  );
}
