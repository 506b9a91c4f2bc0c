import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { Auth0Config, TenantConfig } from '../config.ts';
import type { Connection } from '../connection/connection.ts';
import type { EmailConfirmation } from '../email-confirmation.ts';
import type { UserMetadata } from '../user-metadata.ts';
import type { Letterbox } from './letterbox.ts';
import type { MfaTokens } from './mfa-tokens.ts';

/** What the Authentication API of one tenant needs of the house. */
export interface Room extends Pick<
  House,
  | 'accounts'
  | 'audit'
  | 'authentication'
  | 'clock'
  | 'duties'
  | 'factors'
  | 'groups'
  | 'logger'
  | 'mail'
  | 'profile'
  | 'registration'
  | 'revocation'
  | 'sms'
  | 'state'
  | 'texts'
  | 'tickets'
> {
  readonly tenant: TenantConfig;
  /** Those of the tenant. */
  readonly clients: Clients;
  readonly limits: Pick<Auth0Config, 'perAddress' | 'overall'>;
  readonly mfaTokens: MfaTokens;
  readonly emailConfirmation: EmailConfirmation;
  readonly connection: Connection;
  readonly letterbox: Letterbox;
  readonly metadata: UserMetadata;
}
