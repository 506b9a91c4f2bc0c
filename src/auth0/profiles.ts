import type { IssuerProfile } from '../provider/contract.ts';
import type { Auth0Config, TenantConfig } from './config.ts';

/** A tenant as an issuer. */
export function profileOf({ issuer, name }: Pick<TenantConfig, 'issuer' | 'name'>): IssuerProfile {
  return { issuer, namespace: `auth0-${name}` };
}

/** All tenants as issuers. */
export function tenantProfiles({ tenants }: Auth0Config): readonly IssuerProfile[] {
  return tenants.map(profileOf);
}
