import type { Client as EngineClient, Provider } from 'oidc-provider';
import type { AccountClaims } from '../account-claims.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { Endpoints } from '../routes.ts';
import { object, text } from '../store/payloads.ts';
import type { Lane } from './lane.ts';
import type { LivingToken, LivingTokens } from './living-tokens.ts';

const BEARER = /^Bearer (?<token>[\w-]+(?:\.[\w-]+\.[\w-]+)?)$/;

/** OpenID Connect Core section 5.3, for a bearer token and the claims of its scopes. */
export function createUserinfoLane(options: {
  readonly endpoints: Endpoints;
  readonly accountClaims: AccountClaims;
  readonly scopes: RequestScopes;
  readonly livingTokens: LivingTokens;
  readonly provider: () => Provider;
}): Lane {
  const { endpoints, accountClaims, scopes, livingTokens, provider } = options;

  async function tell(living: LivingToken): Promise<object | undefined> {
    const { clientId = '', accountId = '' } = living.payload;
    const client = await provider().Client.find(clientId);
    if (client === undefined || !isOrdinaryClient(client)) return undefined;
    scopes.current().client = client;
    const account = await accountClaims.findAccount(accountId);
    const scope = grantedScope(living);
    const claims = await account?.claims('userinfo', scope, {}, []);
    return claims && namedBy(accountClaims.byScope, scope, claims);
  }

  return async (request) => {
    const value = BEARER.exec(request.headers.authorization ?? '')?.groups?.['token'];
    const living = value === undefined ? undefined : await livingTokens.find(value);
    return living && isOrdinary(living, endpoints.userinfo) ? tell(living) : undefined;
  };
}

/** For userinfo, with `openid`, bound to no key or certificate, and without the `claims` parameter. */
function isOrdinary({ payload, grant }: LivingToken, userinfo: string): boolean {
  const { aud, jkt, claims, scope = '' } = payload;
  const isForUserinfo = aud === undefined || [aud].flat().includes(userinfo);
  const isBound = jkt !== undefined || payload['x5t#S256'] !== undefined;
  const isPlain = !isBound && Object.keys(claims?.userinfo ?? {}).length === 0;
  return grant !== undefined && isForUserinfo && isPlain && scope.split(' ').includes('openid');
}

/** It wants JSON, and knows people by the name that all know. */
function isOrdinaryClient(client: EngineClient): boolean {
  return (
    !client.userinfoSignedResponseAlg &&
    !client.userinfoEncryptedResponseAlg &&
    client.subjectType !== 'pairwise'
  );
}

function grantedScope({ payload, grant = {} }: LivingToken): string {
  const asked = new Set(payload.scope?.split(' '));
  const granted = text(object(grant, 'openid') ?? {}, 'scope') ?? '';
  return granted
    .split(' ')
    .filter((name) => asked.has(name))
    .join(' ');
}

function namedBy(
  byScope: AccountClaims['byScope'],
  scope: string,
  claims: Readonly<Record<string, unknown>>,
): object {
  const names = scope.split(' ').flatMap((name) => byScope[name] ?? []);
  return Object.fromEntries(
    names.filter((name) => name in claims).map((name) => [name, claims[name]]),
  );
}
