import type { House } from '../capability.ts';
import type { AccountPageConfig } from './config.ts';
import type { ShowPage } from './show.ts';

/** What the pages of the account need of the house. */
export interface Room extends Pick<
  House,
  | 'accounts'
  | 'attributes'
  | 'audit'
  | 'authentication'
  | 'backchannelRequests'
  | 'clients'
  | 'clock'
  | 'connectedClients'
  | 'factors'
  | 'flows'
  | 'keptBeside'
  | 'languages'
  | 'mail'
  | 'notices'
  | 'records'
  | 'sessions'
  | 'takeBack'
> {
  readonly issuer: string;
  readonly settings: AccountPageConfig;
  readonly show: ShowPage;
}
