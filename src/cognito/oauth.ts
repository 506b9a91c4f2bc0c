import { z } from 'zod';

/** What lets a token into operations like `GetUser`. */
export const USER_ADMIN_SCOPE = 'aws.cognito.signin.user.admin';
/** OpenID Connect Core section 5.4. */
export const OIDC_SCOPES: readonly string[] = ['openid', 'email', 'phone', 'profile'];
/** Scopes that no resource server has. */
export const STANDARD_SCOPES: readonly string[] = [...OIDC_SCOPES, USER_ADMIN_SCOPE];

/** Flows of OAuth that a client may be allowed. `implicit` is kept as it was said, and nobody is answered by it. */
export const OAUTH_FLOWS = ['code', 'implicit', 'client_credentials'] as const;

/** What a client may do at the hosted endpoints, as it lies in the records. */
export const oauthSettings = z.strictObject({
  /** `AllowedOAuthFlowsUserPoolClient`. */
  enabled: z.boolean(),
  flows: z.array(z.enum(OAUTH_FLOWS)),
  scopes: z.array(z.string()),
  callbackUrls: z.array(z.string()),
  /** The one of these for requests that name none; left out: they are refused. */
  defaultRedirectUri: z.string().optional(),
  logoutUrls: z.array(z.string()),
});
export type OAuthSettings = z.output<typeof oauthSettings>;

/** Of a client that is for the JSON API alone. */
export const NO_OAUTH: OAuthSettings = {
  enabled: false,
  flows: [],
  scopes: [],
  callbackUrls: [],
  logoutUrls: [],
};
