import {
  errors,
  type AccessToken,
  type Account as EngineAccount,
  type AdapterPayload,
  type Client as EngineClient,
  type Provider,
  type ResourceServer as EngineApi,
} from 'oidc-provider';
import type { Audit } from '../../audit/audit.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { shapeForPerson, type ShapeOptions } from '../access-token-shape.ts';
import { noteIssued } from '../issued.ts';
import type { ProtocolMetrics } from '../metrics.ts';
import { object, text } from '../store/payloads.ts';

/** What a person's tokens are issued from: the payload of a code or a refresh token, and all that it stands on. */
export interface Ground {
  /** The generation that knows the client. */
  readonly provider: Provider;
  readonly client: EngineClient;
  readonly account: EngineAccount;
  readonly grant: JsonObject;
  readonly source: AdapterPayload;
}

/** Tokens that can be issued. */
interface PreparedTokens {
  /** Signs and keeps them, puts them on the record, and gives the answer of the token endpoint. */
  issue(refreshToken: Promise<string> | string | undefined, grantType: string): Promise<object>;
}

/** Tokens for people, by the engine's own models but without a request of its own. */
export interface PersonTokens {
  /** Undefined: they would be unusual. Nothing has happened then. */
  prepare(ground: Ground): PreparedTokens | undefined;
}

interface PersonTokensOptions extends ShapeOptions {
  readonly audit: Audit;
  readonly metrics: ProtocolMetrics | undefined;
}

/** Nothing to be encrypted, no shared secret to sign with, bound to no key of the client. */
export function hasOrdinaryTokens(client: EngineClient): boolean {
  return (
    !client.idTokenEncryptedResponseAlg &&
    !client.idTokenSignedResponseAlg?.startsWith('HS') &&
    !wantsBoundTokens(client)
  );
}

/** It gets no token that is not bound to a key of its own (RFC 9449 section 5.2, RFC 8705 section 3.4). */
export function wantsBoundTokens(client: EngineClient): boolean {
  return (
    client['dpopBoundAccessTokens'] === true ||
    client['tlsClientCertificateBoundAccessTokens'] === true
  );
}

/** What it issues is on the record like all else. */
export function createPersonTokens(options: PersonTokensOptions): PersonTokens {
  const { scopes } = options;

  async function idToken(
    { provider, client, account, source }: Ground,
    granted: string,
  ): Promise<string | undefined> {
    const { scope = '', acr, amr, authTime, nonce, sid } = source;
    if (!scope.split(' ').includes('openid')) return undefined;
    const claims = await account.claims('id_token', scope, {}, []);
    const { IdToken } = provider;
    const person = { ...claims, sub: account.accountId, acr, amr, auth_time: authTime };
    const token = new IdToken(person, { client });
    Object.assign(token, { scope: granted, mask: {}, rejected: [] });
    token.set('nonce', nonce);
    token.set('sid', sid);
    return token.issue({ use: 'idtoken' });
  }

  return {
    prepare(ground) {
      const { client, account, grant, source } = ground;
      const granted = filtered(text(object(grant, 'openid') ?? {}, 'scope'), wordsOf(source.scope));
      const token = accessToken(ground, granted, options);
      if (token === undefined) return undefined;
      return {
        async issue(refreshToken, grantType) {
          const { origin } = Object.assign(scopes.current(), { client, account });
          const [value, identity, refresh] = await Promise.all([
            token.save(),
            idToken(ground, granted),
            refreshToken,
          ]);
          const { accountId } = account;
          const issued = { origin, accountId, clientId: client.clientId, grantType, token };
          noteIssued(issued, options);
          return {
            access_token: value,
            expires_in: token.expiration,
            id_token: identity,
            refresh_token: refresh,
            scope: source.scope ? token.scope : token.scope || undefined,
            token_type: 'Bearer',
          };
        },
      };
    },
  };
}

/** Undefined: it is for several APIs, or for one that this client may not ask for any more. */
function accessToken(
  { provider, client, account, grant, source }: Ground,
  granted: string,
  options: PersonTokensOptions,
): AccessToken | undefined {
  const { AccessToken, ResourceServer } = provider;
  const { grantId = '', gty = '', sessionUid, expiresWithSession, resource } = source;
  if (Array.isArray(resource) || Object.keys(source.claims ?? {}).length > 0) return undefined;
  const { accountId } = account;
  const { sid } = source;
  const ground = { accountId, client, expiresWithSession, grantId, gty, sessionUid, sid };
  const token = new AccessToken(ground);
  if (resource === undefined) token.scope = granted;
  else {
    const api = apiFor(resource, client, options);
    if (api === undefined) return undefined;
    token.resourceServer = new ResourceServer(resource, api);
    const grantedOfApi = text(object(grant, 'resources') ?? {}, resource);
    const known = wordsOf(source.scope).filter((name) => token.resourceServer?.scopes.has(name));
    token.scope = filtered(grantedOfApi, known);
  }
  shapeForPerson(token, provider, { scopes: wordsOf(granted), claims: undefined }, options);
  return token;
}

function apiFor(
  indicator: string,
  client: EngineClient,
  { resources }: PersonTokensOptions,
): EngineApi | undefined {
  try {
    return resources.forClient(indicator, client);
  } catch (error) {
    if (error instanceof errors.InvalidTarget) return undefined;
    throw error;
  }
}

/** What was granted of what was asked, in the order in which it was granted. */
function filtered(granted: string | undefined, asked: readonly string[]): string {
  return wordsOf(granted)
    .filter((name) => asked.includes(name))
    .join(' ');
}

function wordsOf(scope = ''): readonly string[] {
  return scope.split(' ').filter(Boolean);
}
