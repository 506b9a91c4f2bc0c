import type { JsonObject } from '../../runtime/json.ts';
import { grantsOf } from '../clients.ts';
import type { TenantClientConfig, TenantConfig } from '../config.ts';
import type { MadeApplication } from './applications.ts';
import { whole } from './whole.ts';

type Tenant = Pick<TenantConfig, 'name' | 'refreshLeeway'>;

/** As Auth0 says of every application. */
const COMMON = { oidc_conformant: true, global: false } as const;

/** An application of the configuration as answers have it: without its secret, which lies elsewhere. */
export function declaredView(client: TenantClientConfig, tenant: Tenant): JsonObject {
  return {
    tenant: tenant.name,
    client_id: client.clientId,
    name: client.name ?? client.clientId,
    app_type: client.appType,
    callbacks: client.callbacks,
    allowed_logout_urls: client.allowedLogoutUrls,
    web_origins: client.webOrigins,
    allowed_origins: client.webOrigins,
    grant_types: grantsOf(client),
    token_endpoint_auth_method: methodOf(client),
    is_first_party: true,
    organization_usage: client.organizationUsage,
    jwt_configuration: { alg: 'RS256' },
    ...(client.backchannelLogoutUrl !== undefined && {
      oidc_logout: { backchannel_logout_urls: [client.backchannelLogoutUrl] },
    }),
    ...(client.initiateLoginUrl !== undefined && { initiate_login_uri: client.initiateLoginUrl }),
    ...COMMON,
  };
}

/** One that was made here; `secret`: where it may be told. */
export function madeView(
  { client, application }: MadeApplication,
  { tenant, secret }: { readonly tenant: Tenant; readonly secret: string | undefined },
): JsonObject {
  const all = whole(application);
  const leeway = all.refresh_token.leeway ?? tenant.refreshLeeway;
  const view: JsonObject = JSON.parse(
    JSON.stringify({
      ...all,
      jwt_configuration: { alg: 'RS256', ...all.jwt_configuration },
      refresh_token: { ...all.refresh_token, leeway },
    }),
  );
  return {
    ...view,
    ...COMMON,
    tenant: tenant.name,
    client_id: client.id,
    ...(secret !== undefined && { client_secret: secret }),
  };
}

function methodOf({ appType, jwks }: TenantClientConfig): string {
  if (jwks !== undefined) return 'private_key_jwt';
  return appType === 'spa' || appType === 'native' ? 'none' : 'client_secret_post';
}
