import type { Tickets } from '../accounts/tickets.ts';
import type { Factors } from '../factors/factors.ts';
import type { Groups } from '../groups/groups.ts';
import type { Mail } from '../mail/mail.ts';
import type { IssuerProfile } from '../provider/contract.ts';
import type { TakeBack } from '../provider/take-back.ts';
import type { Audit } from '../audit/audit.ts';
import type { CommandRooms } from './rooms.ts';

/** What the commands about people need of an installation, running or not. */
export interface PeopleRooms extends CommandRooms {
  readonly audit: Pick<Audit, 'record'>;
  readonly tickets: Tickets;
  readonly mail: Pick<Mail, 'send'>;
  readonly factors: Pick<
    Factors,
    'of' | 'passkeys' | 'totp' | 'devices' | 'removeAll' | 'failures' | 'forgive' | 'reseal'
  >;
  readonly groups: Groups;
  readonly takeBack: TakeBack;
  readonly profile: IssuerProfile;
}
