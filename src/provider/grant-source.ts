import type {
  AuthorizationCode,
  BackchannelAuthenticationRequest,
  DeviceCode,
  KoaContextWithOIDC,
  RefreshToken,
} from 'oidc-provider';

/** What a person's tokens are issued from. */
export function sourceOf({
  oidc,
}: KoaContextWithOIDC):
  | RefreshToken
  | AuthorizationCode
  | DeviceCode
  | BackchannelAuthenticationRequest
  | undefined {
  const { entities } = oidc;
  return (
    entities.RefreshToken ??
    entities.AuthorizationCode ??
    entities.DeviceCode ??
    entities.BackchannelAuthenticationRequest
  );
}
