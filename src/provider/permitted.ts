import type { AccountClaims } from './account-claims.ts';
import type { Allowed } from './consent-queries.ts';
import type { Resources } from './resources.ts';

/** What somebody can give a client, where an API enforces permissions: of its scopes those that a role of theirs permits now. */
export interface Permitted {
  /** Of `names` those that are no scopes of the API, or that the person holds. */
  keep(accountId: string, identifier: string, names: readonly string[]): Promise<readonly string[]>;
  /** The same of every API in `asked`. `organization`: as a request names it that is not the engine's. */
  among(accountId: string | undefined, asked: Allowed, organization?: string): Promise<Allowed>;
}

/** Reads what people hold when an API wants it, once for each request. */
export function createPermitted(options: {
  readonly resources: Pick<Resources, 'find'>;
  readonly accountClaims: Pick<AccountClaims, 'heldBy'>;
}): Permitted {
  const { resources, accountClaims } = options;

  async function keep(
    accountId: string,
    identifier: string,
    names: readonly string[],
    organization?: string,
  ): Promise<readonly string[]> {
    const api = resources.find(identifier);
    if (api?.enforcePermissions !== true || names.length === 0) return names;
    const held = await accountClaims.heldBy(accountId, organization);
    const permitted = new Set(held.rights({ api: api.identifier }).permissions);
    return names.filter((name) => !api.scopes.has(name) || permitted.has(name));
  }

  return {
    keep,
    async among(accountId, asked, organization) {
      if (accountId === undefined) return asked;
      const kept = Object.entries(asked.resources).map(
        async ([identifier, names]) =>
          [identifier, await keep(accountId, identifier, names, organization)] as const,
      );
      return { ...asked, resources: Object.fromEntries(await Promise.all(kept)) };
    },
  };
}
