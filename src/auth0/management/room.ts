import type { House } from '../../capability.ts';
import type { Clients } from '../../clients/clients.ts';
import type { TenantApis } from '../apis.ts';
import type { Applications } from '../applications/applications.ts';
import type { MadeApis } from '../applications/made-apis.ts';
import type { TenantConfig } from '../config.ts';
import type { Connection } from '../connection/connection.ts';
import type { EmailConfirmation } from '../email-confirmation.ts';
import type { TenantOrganizations } from '../organizations/tenant-organizations.ts';
import type { UserMetadata } from '../user-metadata.ts';

/** What the routes of one tenant's Management API build on. */
export interface ManagementRoom extends Pick<
  House,
  | 'accounts'
  | 'audit'
  | 'clock'
  | 'factors'
  | 'groups'
  | 'hasMail'
  | 'mail'
  | 'passwordRules'
  | 'profile'
  | 'records'
  | 'revocation'
  | 'signingKeys'
  | 'state'
  | 'tickets'
> {
  readonly tenant: TenantConfig;
  /** Those of the tenant. */
  readonly clients: Clients;
  readonly applications: Applications;
  readonly connection: Connection;
  /** Those of the tenant. */
  readonly resourceServers: TenantApis;
  readonly madeApis: MadeApis;
  /** Resolves once what any node has made of APIs by now is known here. */
  readonly catchUp: () => Promise<void>;
  readonly emailConfirmation: EmailConfirmation;
  readonly metadata: UserMetadata;
  readonly organizations: TenantOrganizations;
}
