import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { TenantConfig } from '../config.ts';
import type { MfaTokens } from './mfa-tokens.ts';

/** What the Authentication API of one tenant needs of the house. */
export interface Room extends Pick<
  House,
  | 'accounts'
  | 'authentication'
  | 'clock'
  | 'duties'
  | 'factors'
  | 'groups'
  | 'logger'
  | 'revocation'
  | 'state'
> {
  readonly tenant: TenantConfig;
  /** Those of the tenant. */
  readonly clients: Clients;
  readonly mfaTokens: MfaTokens;
}
