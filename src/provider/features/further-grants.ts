import type { FurtherGrant } from '../further-grant.ts';
import { createFurtherGrant } from '../person-grant.ts';
import type { Feature } from './feature.ts';

/** The grants that an issuer has beside those of the specifications. */
export function furtherGrants(grants: readonly FurtherGrant[] = []): Feature | undefined {
  if (grants.length === 0) return undefined;
  return {
    announced: { grant_types_supported: grants.map(({ grantType }) => grantType) },
    install(provider, options) {
      for (const grant of grants) {
        const parameters = [...grant.parameters, 'resource', 'audience', 'scope'];
        provider.registerGrantType(grant.grantType, createFurtherGrant(grant, options), parameters);
      }
    },
  };
}
