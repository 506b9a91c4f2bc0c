import type { Application } from './fields.ts';

type Defaulted =
  | 'app_type'
  | 'callbacks'
  | 'allowed_logout_urls'
  | 'web_origins'
  | 'allowed_origins'
  | 'grant_types'
  | 'token_endpoint_auth_method'
  | 'is_first_party'
  | 'organization_usage'
  | 'refresh_token';

/** An application with all that counts and was left out. */
export type WholeApplication = Application & Required<Pick<Application, Defaulted>>;

/** `kept` with the defaults of its kind: refresh tokens of whoever has no secret rotate (RFC 9700 section 2.2.2). */
export function whole(kept: Application): WholeApplication {
  const { app_type: type = 'regular_web' } = kept;
  const isPublic = type === 'spa' || type === 'native';
  const method = kept.token_endpoint_auth_method ?? (isPublic ? 'none' : 'client_secret_post');
  return {
    callbacks: [],
    allowed_logout_urls: [],
    web_origins: [],
    allowed_origins: [],
    grant_types: grantsOf(type, method),
    is_first_party: true,
    // Those that were made before it was written with each.
    organization_usage: 'allow',
    ...kept,
    app_type: type,
    token_endpoint_auth_method: method,
    refresh_token: {
      rotation_type: method === 'none' ? 'rotating' : 'non-rotating',
      expiration_type: 'non-expiring',
      ...kept.refresh_token,
    },
  };
}

function grantsOf(
  type: WholeApplication['app_type'],
  method: WholeApplication['token_endpoint_auth_method'],
): WholeApplication['grant_types'] {
  if (type === 'non_interactive') return ['client_credentials'];
  const ofPeople = ['authorization_code', 'implicit', 'refresh_token'] as const;
  return method === 'none' ? [...ofPeople] : [...ofPeople, 'client_credentials'];
}
