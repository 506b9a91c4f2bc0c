import type { Dialect, SpokenJwt, SpokenOf } from '../provider/dialect.ts';
import type { TenantApis } from './apis.ts';
import type { TenantConfig } from './config.ts';
import type { Connection } from './connection/connection.ts';
import { CONNECTION_IS_OFF, GRANT, MULTIFACTOR_REQUIRED } from './authentication/names.ts';
import { auth0Person } from './person.ts';
import { apiOfOthers, auth0OwnProblem, auth0Problem, BLOCKED, unknownApi } from './problems.ts';

/** Where Auth0 has what we have elsewhere. */
const PATHS: ReadonlyMap<string, string> = new Map([
  ['/token', '/oauth/token'],
  ['/revoke', '/oauth/revoke'],
  ['/introspect', '/oauth/introspect'],
  ['/logout', '/oidc/logout'],
  ['/par', '/oauth/par'],
  ['/device/authorize', '/oauth/device/code'],
  ['/device', '/activate'],
]);

/** What grants are called in `gty`; the others are in no token. */
const GRANTS: ReadonlyMap<string, string> = new Map([
  ['client_credentials', 'client-credentials'],
  [GRANT.password, 'password'],
  [GRANT.passwordRealm, 'password'],
]);

/** How `tenant` speaks. */
export function createAuth0Dialect(
  tenant: TenantConfig,
  apis: TenantApis,
  connection: Pick<Connection, 'isEnabledFor'>,
): Dialect {
  return {
    paths: PATHS,
    defaultAudience: tenant.defaultAudience,
    userinfoAudience: `${tenant.issuer}userinfo`,
    standardScope: 'openid',
    keptOut: BLOCKED,
    secondFactorWanted: MULTIFACTOR_REQUIRED,
    joinHint: { parameter: 'screen_hint', value: 'signup' },
    isFramed: true,
    // All that the client may have of it is cut out of this by the provider.
    scopeOfClient: (api) => [...(apis.find(api ?? '')?.scopes.keys() ?? [])].join(' ') || undefined,
    writeJwt(jwt, of) {
      const profile = of.api === undefined ? 'access_token' : apis.dialectOf(of.api);
      if (profile.endsWith('_authz')) writePermissions(jwt, of);
      if (!profile.startsWith('rfc9068')) writeAccessToken(jwt, of);
      if (of.isOfClient) jwt.payload['sub'] = `${of.clientId}@clients`;
    },
    refuseApi: (identifier) =>
      apis.find(identifier) === undefined ? unknownApi(identifier) : apiOfOthers(identifier),
    refuseClient: async (clientId) =>
      (await connection.isEnabledFor(clientId))
        ? undefined
        : { error: 'access_denied', description: CONNECTION_IS_OFF },
    judgeOwn: auth0OwnProblem,
    writePerson: auth0Person,
    writeProblem: auth0Problem,
  };
}

/** APIs count on the claim: who may do nothing has an empty one, and a client may do what its scopes say. */
function writePermissions({ payload }: SpokenJwt, { isOfClient }: SpokenOf): void {
  const { scope } = payload;
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  payload['permissions'] ??= isOfClient ? scopes : [];
}

/** Of the profile `access_token`. `jti`, `gid`, `sid` and `rev` stay, by which the token can be taken back. */
function writeAccessToken(jwt: SpokenJwt, { clientId, grantType }: SpokenOf): void {
  const { client_id: _, ...payload } = jwt.payload;
  const gty = GRANTS.get(grantType);
  jwt.header = { ...jwt.header, typ: 'JWT' };
  jwt.payload = { ...payload, azp: clientId, ...(gty === undefined ? {} : { gty }) };
}
