import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { FactorSettings } from './config.ts';
import type { CountedChecks } from './counted-checks.ts';

/** What the parts of this room are given. */
export interface FactorParts {
  readonly records: Records;
  readonly state: State;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly checks: CountedChecks;
  readonly settings: FactorSettings;
  /** The issuer URL. */
  readonly issuer: string;
  /** What people know the installation by. */
  readonly installationName: string;
}
