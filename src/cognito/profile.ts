import type { IssuerProfile } from '../provider/contract.ts';
import type { CognitoConfig } from './config.ts';

/** All pools share one issuer behind the hosted pages, and so one session of a browser. */
export function hostedProfiles({ enabled, endpoint }: CognitoConfig): readonly IssuerProfile[] {
  return enabled ? [hostedProfile({ endpoint })] : [];
}

/** The endpoint of the pools as an issuer. */
export function hostedProfile({ endpoint }: Pick<CognitoConfig, 'endpoint'>): IssuerProfile {
  return { issuer: endpoint, namespace: 'cognito-hosted' };
}
