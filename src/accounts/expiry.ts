import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Audit } from '../audit/audit.ts';
import type { Records } from '../storage/records.ts';
import { expiring, tellExpiry } from './account-queries.ts';

export interface ExpiryOptions {
  readonly records: Records;
  readonly revocation: Pick<Revocation, 'revoke'>;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
}

const EXPIRY: Actor = { by: 'expiry', origin: { address: 'node' } };
/** How often the records are asked, and so how late an expiry is told that was set just before it. */
const LOOK_SECONDS = 10;
const AT_ONCE_MAX = 100;

/**
 * Takes back what accounts hold when they expire. All that asks us refuses them by the clock; APIs that verify tokens by
 * themselves have to be told. Every node looks, and the one that marks the account first puts it on record.
 */
export function startExpiry(options: ExpiryOptions): { close(): Promise<void> } {
  const { clock, logger } = options;
  const ending = new AbortController();
  const { signal } = ending;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let seconds = LOOK_SECONDS;
      try {
        seconds = await tellExpired(options);
      } catch (error) {
        if (!(error instanceof LatchkeyError)) throw error;
        logger.warn(
          { event: 'accounts.expiry_waits', error },
          'accounts that expired wait to be told',
        );
      }
      await clock.sleep(seconds, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  const running = run();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}

/** Tells what is due, and gives the seconds until the next look. */
async function tellExpired(options: ExpiryOptions): Promise<number> {
  const { records, clock } = options;
  const { queries } = records;
  const soon = expiring(queries, { before: clock.now() + LOOK_SECONDS, limit: AT_ONCE_MAX });
  const rows = await records.all(soon);
  for (const { id, expires_at: expiresAt } of rows) {
    if (expiresAt === null) continue;
    if (expiresAt > clock.now()) return Math.max(1, expiresAt - clock.now());
    await tell(id, expiresAt, options);
  }
  return rows.length === AT_ONCE_MAX ? 0 : LOOK_SECONDS;
}

/** Told first and marked after: a node that dies in between has told it twice, and never not at all. */
async function tell(
  id: string,
  expiresAt: number,
  { records, revocation, audit, clock }: ExpiryOptions,
): Promise<void> {
  await revocation.revoke(
    { kind: 'account', accountId: id },
    { reason: 'account.expired', actor: EXPIRY },
  );
  const told = { id, expiresAt, now: clock.now() };
  const [marked] = await records.write(tellExpiry(records.queries, told));
  if (marked?.rowsAffected !== 1) return;
  const { by, origin } = EXPIRY;
  await audit.record({ type: 'account.expired', accountId: id, by, origin });
}
