import type { Account as EngineAccount, Client as EngineClient } from 'oidc-provider';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { Client, ResourceServer } from '../clients/clients.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import type { ProtocolSettings } from './config.ts';
import { once, type RequestScopes } from './request-scope.ts';

/** Claims by the scope that asks for them (OpenID Connect Core section 5.4). */
const STANDARD = {
  openid: ['sub'],
  profile: [
    ...['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username'],
    ...['profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at'],
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
} as const;

type Custom = ProtocolSettings['claims']['custom'][number];
type Place = Custom['in'][number];

/** Who asks, for what. */
interface Asked {
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  /** In an access token, the API it is for; undefined: none was named. */
  readonly api?: ResourceServer | undefined;
}

/** What we tell of people. */
export interface AccountClaims {
  /** For the engine: every claim by the scope it belongs to. */
  readonly byScope: Readonly<Record<string, readonly string[]>>;
  /** Undefined for whoever is not there or is disabled: nothing is issued or told for them. */
  findAccount(id: string): Promise<EngineAccount | undefined>;
  /** Our account behind the engine's. */
  accountOf(account: EngineAccount | undefined): Account | undefined;
  /** Claims of the installation in an access token. */
  inAccessToken(account: Account, asked: Asked): JsonObject;
}

/** `currentClient`: the client of the engine's request under way. */
export function createAccountClaims(options: {
  readonly accounts: Accounts;
  readonly settings: ProtocolSettings['claims'];
  readonly scopes: RequestScopes;
  readonly currentClient: () => EngineClient | undefined;
  readonly ownerOf: (client: EngineClient) => Client | undefined;
}): AccountClaims {
  const { accounts, settings, scopes, currentClient, ownerOf } = options;
  const sensitive = new Set(settings.sensitive);
  const owned = new WeakMap<EngineAccount, Account>();

  function custom(account: Account, asked: Asked, isTold: (one: Custom) => boolean): JsonObject {
    const told = settings.custom.filter((one) => isTold(one) && applies(one, asked));
    return definedOnly(told.map(({ claim, attribute }) => [claim, account.attributes[attribute]]));
  }

  function claimsFor(
    account: Account,
    use: string,
    scope: string,
    requested: readonly string[],
  ): JsonObject {
    const engineClient = currentClient();
    const client = engineClient && ownerOf(engineClient);
    const asked = { clientId: client?.id ?? '', scopes: new Set(scope.split(' ')) };
    const standard = standardClaims(account);
    if (use !== 'id_token')
      return {
        ...standard,
        ...custom(account, asked, ({ in: places }) => places.includes('userinfo')),
      };
    const everything = client?.policy.claimsInIdToken === true;
    const places: readonly Place[] = everything ? ['id_token', 'userinfo'] : ['id_token'];
    return {
      ...(everything ? standard : pick(standard, requested)),
      ...custom(
        account,
        asked,
        (one) => !sensitive.has(one.attribute) && one.in.some((place) => places.includes(place)),
      ),
    };
  }

  return {
    byScope: claimsByScope(settings.custom),
    accountOf: (account) => account && owned.get(account),
    async findAccount(id) {
      const account = await once(scopes.current().accounts, id, () => accounts.find(id));
      if (account === undefined || account.disabled) return undefined;
      const found: EngineAccount = {
        accountId: account.id,
        claims: (use, scope, requested) => ({
          ...claimsFor(account, use, scope, Object.keys(requested)),
          sub: account.id,
        }),
      };
      owned.set(found, account);
      return found;
    },
    inAccessToken(account, asked) {
      const ofApi = [...(asked.api?.claims ?? [])].filter(
        ([, attribute]) => !sensitive.has(attribute),
      );
      return {
        ...custom(
          account,
          asked,
          (one) => !sensitive.has(one.attribute) && one.in.includes('access_token'),
        ),
        ...definedOnly(ofApi.map(([claim, attribute]) => [claim, account.attributes[attribute]])),
      };
    },
  };
}

function claimsByScope(custom: readonly Custom[]): Readonly<Record<string, readonly string[]>> {
  const byScope = new Map<string, readonly string[]>(Object.entries(STANDARD));
  for (const { claim, scopes } of custom) {
    for (const scope of scopes.length === 0 ? ['openid'] : scopes)
      byScope.set(scope, [...new Set([...(byScope.get(scope) ?? []), claim])]);
  }
  return Object.fromEntries(byScope);
}

function applies({ clients, apis, scopes }: Custom, asked: Asked): boolean {
  const isFor = (list: readonly string[], has: (name: string) => boolean): boolean =>
    list.length === 0 || list.some(has);
  return (
    isFor(clients, (id) => id === asked.clientId) &&
    isFor(scopes, (scope) => asked.scopes.has(scope)) &&
    isFor(apis, (identifier) => identifier === asked.api?.identifier)
  );
}

function standardClaims(account: Account): JsonObject {
  return {
    ...account.claims,
    ...definedOnly([
      ['preferred_username', account.username],
      ['email', account.email],
      ['email_verified', account.email === undefined ? undefined : account.emailVerified],
    ]),
    updated_at: account.updatedAt,
  };
}

function pick(claims: JsonObject, names: readonly string[]): JsonObject {
  return definedOnly(names.map((name) => [name, claims[name]]));
}

function definedOnly(entries: readonly (readonly [string, Json | undefined])[]): JsonObject {
  const told = entries.flatMap(([name, value]): readonly (readonly [string, Json])[] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(told);
}
