import type { Throttle } from '../accounts/throttle.ts';
import type { House } from '../capability.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Challenges } from './challenges.ts';
import type { CodeLetters } from './code-letters.ts';
import type { CognitoConfig } from './config.ts';
import type { Domains } from './domains.ts';
import type { PoolGroups } from './pool-groups.ts';
import type { Pools } from './pools.ts';
import type { ResourceServers } from './resource-servers.ts';
import type { SamplePasswords } from './sample-passwords.ts';
import type { Sessions } from './sessions.ts';
import type { SrpHandshakes } from './srp-handshakes.ts';
import type { SrpSecrets } from './srp-secrets.ts';
import type { StoredClients } from './stored-clients.ts';
import type { StoredPools } from './stored-pools.ts';
import type { Triggers } from './triggers/triggers.ts';
import type { Users } from './users.ts';

/** What operations build on. */
export interface Room extends Pick<
  House,
  | 'accounts'
  | 'audit'
  | 'clock'
  | 'factors'
  | 'flows'
  | 'groups'
  | 'isDev'
  | 'lives'
  | 'logger'
  | 'mail'
  | 'people'
  | 'records'
  | 'renderer'
  | 'revocation'
  | 'sealer'
  | 'signingKeys'
  | 'sms'
  | 'state'
> {
  readonly settings: CognitoConfig;
  readonly pools: Pools;
  readonly storedPools: StoredPools;
  readonly storedClients: StoredClients;
  readonly resourceServers: ResourceServers;
  readonly domains: Domains;
  readonly poolGroups: PoolGroups;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly accessTokens: AccessTokens;
  readonly challenges: Challenges;
  readonly letters: CodeLetters;
  readonly triggers: Triggers;
  readonly srpHandshakes: SrpHandshakes;
  readonly srpSecrets: SrpSecrets;
  /** For whom there may be one, though no password has passed by yet. */
  readonly samples: SamplePasswords;
  /** The one that counts passwords in clear: a proof is a guess like any other. */
  readonly throttle: Throttle;
}
