import type { Account as EngineAccount, Client as EngineClient } from 'oidc-provider';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { Client } from '../clients/clients.ts';
import type { Groups, Held } from '../groups/groups.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Dialect } from './dialect.ts';
import type { Audience, CustomClaims } from './custom-claims.ts';
import type { Subject } from './rights-claims.ts';
import { once, type RequestScopes } from './request-scope.ts';
import { definedOnly, STANDARD_CLAIMS, standardClaims } from './standard-claims.ts';

/** What we tell of people. */
export interface AccountClaims {
  /** For the engine: every claim by the scope it belongs to. */
  readonly byScope: Readonly<Record<string, readonly string[]>>;
  /** Undefined for whoever is not there or not active (disabled, locked, expired): nothing is issued or told for them. */
  findAccount(id: string): Promise<EngineAccount | undefined>;
  /** Our account behind the engine's. */
  accountOf(account: EngineAccount | undefined): Account | undefined;
  /** Claims of the installation and of the API in an access token. */
  inAccessToken(account: Account, audience: Audience): Promise<JsonObject>;
  /**
   * What a person holds, as this request read it first, in the organization in whose name it is. `named`: the one that it
   * names, where no request of the engine is under way.
   */
  heldBy(accountId: string, named?: string): Promise<Held>;
}

interface AccountClaimsOptions {
  readonly accounts: Accounts;
  readonly groups: Pick<Groups, 'held'>;
  readonly custom: CustomClaims;
  readonly scopes: RequestScopes;
  readonly dialect?: Dialect | undefined;
  /** The client of the engine's request under way. */
  readonly currentClient: () => EngineClient | undefined;
  readonly ownerOf: (client: EngineClient) => Client | undefined;
  /** The id of the organization in whose name the request under way is, or which is `named`; undefined: in nobody's. */
  readonly organizationFor: (named: string | undefined) => Promise<string | undefined>;
}

/** Accounts as the engine sees them. */
export function createAccountClaims(options: AccountClaimsOptions): AccountClaims {
  const { accounts, groups, custom, scopes, dialect, currentClient, ownerOf } = options;
  const owned = new WeakMap<EngineAccount, Account>();

  async function heldBy(accountId: string, named?: string): Promise<Held> {
    const organization = await options.organizationFor(named);
    const key = organization === undefined ? accountId : `${accountId} ${organization}`;
    return await once(scopes.current().held, key, () => groups.held(accountId, organization));
  }

  function subject(account: Account): Subject {
    return { account, held: () => heldBy(account.id) };
  }

  function standardFor(account: Account): JsonObject {
    const claims = standardClaims(account);
    return dialect?.writePerson?.(claims, account.id) ?? claims;
  }

  async function claimsFor(account: Account, asked: Asked): Promise<JsonObject> {
    const engineClient = currentClient();
    const client = engineClient && ownerOf(engineClient);
    const audience = {
      clientId: client?.id ?? '',
      scopes: new Set(asked.scope.split(' ')),
      // As the engine has it: it goes by what is switched on.
      isEncrypted: engineClient?.idTokenEncryptedResponseAlg !== undefined,
    };
    const standard = standardFor(account);
    if (asked.use !== 'id_token')
      return { ...standard, ...(await custom.tell(subject(account), audience, ['userinfo'])) };
    if (client?.policy.claimsInIdToken === true)
      return {
        ...standard,
        ...(await custom.tell(subject(account), audience, ['id_token', 'userinfo'])),
      };
    // OpenID Connect Core section 5.4: with an access token at hand, claims of scopes are at userinfo.
    return {
      ...definedOnly(asked.claims.map((name) => [name, standard[name]])),
      ...(await custom.tell(subject(account), audience, ['id_token'])),
    };
  }

  return {
    byScope: mergeByScope(custom.byScope),
    accountOf: (account) => account && owned.get(account),
    async findAccount(id) {
      const account = await once(scopes.current().accounts, id, () => accounts.find(id));
      if (account?.state !== 'active') return undefined;
      const found: EngineAccount = {
        accountId: account.id,
        claims: async (use, scope, claims) => ({
          ...(await claimsFor(account, { use, scope, claims: Object.keys(claims) })),
          sub: account.id,
        }),
      };
      owned.set(found, account);
      return found;
    },
    inAccessToken: async (account, audience) => ({
      ...(await custom.tell(subject(account), audience, ['access_token'])),
      ...(await custom.forApi(subject(account), audience)),
    }),
    heldBy,
  };
}

interface Asked {
  readonly use: string;
  readonly scope: string;
  /** Names in the `claims` parameter. */
  readonly claims: readonly string[];
}

function mergeByScope(
  custom: ReadonlyMap<string, readonly string[]>,
): Readonly<Record<string, readonly string[]>> {
  const scopes = [...new Set([...Object.keys(STANDARD_CLAIMS), ...custom.keys()])];
  return Object.fromEntries(
    scopes.map((scope) => [
      scope,
      [...new Set([...(STANDARD_CLAIMS[scope] ?? []), ...(custom.get(scope) ?? [])])],
    ]),
  );
}
