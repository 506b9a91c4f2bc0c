import { errors, type AdapterPayload, type Client } from 'oidc-provider';
import type { AccountClaims } from './account-claims.ts';
import type { EngineClients } from './engine-clients.ts';

/** A token, or what is kept of it. */
type Token = Pick<AdapterPayload, 'clientId' | 'accountId' | 'aud'>;

/** Who may ask about and take back which tokens. */
export interface TokenPolicy {
  /** A client its own, and an API those made for it (RFC 7662 section 4); only while person and client are there. */
  mayIntrospect(client: Client, token: Token): Promise<boolean>;
  /** @throws {errors.InvalidRequest} for a token of another client (RFC 7009 section 2.1). */
  mayRevoke(client: Client, token: Token): Promise<boolean>;
}

/** The policy of an installation. */
export function createTokenPolicy(options: {
  readonly engineClients: EngineClients;
  readonly accountClaims: AccountClaims;
}): TokenPolicy {
  const { engineClients, accountClaims } = options;

  async function isAlive(token: Token): Promise<boolean> {
    const { accountId } = token;
    const [client, account] = await Promise.all([
      engineClients.find(token.clientId ?? ''),
      accountId === undefined ? true : accountClaims.findAccount(accountId),
    ]);
    return client !== undefined && account !== undefined;
  }

  return {
    async mayIntrospect(client, token) {
      const audiences = [token.aud].flat();
      const apis = engineClients.ownerOf(client)?.policy.introspects ?? [];
      const isFor = apis.some((identifier) => audiences.includes(identifier));
      const isOwn = token.clientId === client.clientId;
      return (isOwn || isFor) && isAlive(token);
    },
    async mayRevoke(client, token) {
      if (token.clientId === client.clientId) return true;
      // A public client proves nothing, so it learns nothing: not even that the token exists.
      if (client.clientAuthMethod === 'none') return false;
      throw new errors.InvalidRequest('the token was issued to another client');
    },
  };
}
