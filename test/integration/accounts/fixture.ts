import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Accounts } from '../../../src/accounts/accounts.ts';
import { signInConfig } from '../../../src/accounts/config.ts';
import { createAccounts, type AccountsOptions } from '../../../src/accounts/create-accounts.ts';
import type { Audit } from '../../../src/audit/audit.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { Revocation } from '../../../src/revocation/revocation.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import type { Records } from '../../../src/storage/records.ts';
import type { State } from '../../../src/storage/state.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger, type LogLine } from '../../support/recording-logger.ts';

/** The cheapest hashes that the settings take: most tests are not about their cost. */
export const CHEAP = { memoryKib: 7168, iterations: 1 };

export const ACTOR = { by: 'cli', origin: { address: 'cli' } };

export interface People {
  readonly accounts: Accounts;
  readonly records: Records;
  readonly state: State;
  readonly audit: Audit;
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  /** What was revoked, in order. */
  readonly revoked: { readonly accountId: string; readonly reason: string }[];
  readonly revocation: Pick<Revocation, 'revoke'>;
  /** Further accounts over the same stores, with other settings. */
  open(
    settings: Parameters<typeof signInConfig.parse>[0],
    state?: State,
    more?: Partial<AccountsOptions>,
  ): Accounts;
  /** The types of audited events, oldest first. */
  events(): Promise<readonly Record<string, unknown>[]>;
}

/** Accounts on an embedded file of their own; or on other records, which are migrated already. */
export async function openPeople(
  settings: Parameters<typeof signInConfig.parse>[0] = { argon2: CHEAP },
  otherRecords?: Records,
): Promise<People> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-people-'));
  const clock = createFakeClock();
  const { logger, lines } = createRecordingLogger();
  const engine = await openEmbedded({ file: join(folder, 'data.sqlite'), clock, logger });
  const { state } = engine;
  const records = otherRecords ?? engine.records;
  await engine.records.migrate();
  const audit = createAudit({
    records,
    clock,
    logger,
    node: 'one',
    settings: auditConfig.parse({}),
  });
  onTestFinished(async () => {
    await audit.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });
  const revoked: People['revoked'] = [];
  const revocation: People['revocation'] = {
    async revoke(what, { reason }) {
      if (what.kind === 'account') revoked.push({ accountId: what.accountId, reason });
      return { number: revoked.length, durableAt: clock.now() };
    },
  };
  const open: People['open'] = (other, instead = state, more = {}) =>
    createAccounts({
      records,
      state: instead,
      audit,
      clock,
      logger,
      revocation,
      settings: signInConfig.parse(other),
      ...more,
    });
  return {
    accounts: open(settings),
    records,
    state,
    audit,
    clock,
    lines,
    revoked,
    revocation,
    open,
    async events() {
      await audit.flush();
      const listed = await listAudit(records, { limit: 1000 });
      return listed
        .toSorted((left, right) => left.number - right.number)
        .map(({ event }) => ({ ...Object(event) }));
    },
  };
}
