import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import { fingerprint } from '../runtime/digest.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Records } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import { accountByLogin, replacePasswordHash } from './account-queries.ts';
import { accountOf, stateOf } from './account-row.ts';
import { PasswordsBusy, type Accounts, type PasswordOutcome } from './accounts.ts';
import type { Decoys } from './decoys.ts';
import { foldLogin } from './login.ts';
import { BUSY_RETRY_SECONDS, type Passwords } from './passwords.ts';
import type { Admitted, Throttle } from './throttle.ts';

export interface PasswordSignInOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly decoys: Decoys;
  readonly clock: Clock;
}

type Attempt = Parameters<Accounts['verifyPassword']>[0];
type Reason = Extract<AuditEvent, { type: 'sign_in.failed' }>['reason'];

interface Checked {
  readonly row: AccountTable | undefined;
  readonly leave: Admitted;
  readonly failed: (reason: Reason) => AuditEvent;
}

/**
 * Checks a password. Unknown, wrong, disabled and without a password take the same steps in the same
 * order: one look-up, one set of counts, one hash, one audit event. A right password is a step of a sign-in; the
 * sign-in is on record when it has come to its end.
 */
export function createPasswordSignIn(
  options: PasswordSignInOptions,
): (attempt: Attempt) => Promise<PasswordOutcome> {
  const { records, audit, passwords, throttle } = options;

  return async (attempt) => {
    const login = foldLogin(attempt.login);
    const row = login && (await records.first(accountByLogin(records.queries, login)));
    const failed = failureOf(attempt, login?.key, row);
    const leave = await throttle.admit({
      login: keyOf(attempt.login),
      address: attempt.origin.address,
    });
    if (leave.kind === 'throttled') {
      // Every blocked path once; whoever goes on knocking does not get to fill the record.
      if (leave.isFirst) await audit.record(failed('throttled'));
      return { kind: 'throttled', retryAfterSeconds: leave.retryAfterSeconds };
    }
    return await check(attempt, { row, leave, failed });
  };

  async function check(
    attempt: Attempt,
    { row, leave, failed }: Checked,
  ): Promise<PasswordOutcome> {
    const decoy = await options.decoys.of(keyOf(attempt.login));
    const stored = row?.password_hash ?? undefined;
    const verdict = await passwords.verify(stored, attempt.password, decoy);
    if (verdict === 'busy') {
      await leave.withdraw();
      audit.note(failed('busy'));
      return { kind: 'busy', retryAfterSeconds: BUSY_RETRY_SECONDS };
    }
    if (verdict === 'mismatch' || row === undefined) return await refuse(failed('credentials'));
    const state = stateOf(row, options.clock.now());
    if (state === 'active') return await succeed(row, attempt, leave);
    return await refuse(failed(state));
  }

  async function refuse(event: AuditEvent): Promise<PasswordOutcome> {
    await audit.record(event);
    return { kind: 'refused' };
  }

  async function succeed(
    row: AccountTable,
    attempt: Attempt,
    leave: Admitted,
  ): Promise<PasswordOutcome> {
    // Nobody need wait for it: what is not given back counts as a failure that nobody made, until it is forgotten.
    leave
      .succeeded()
      .catch((error: unknown) =>
        options.logger.warn(
          { event: 'sign_in.count_kept', accountId: row.id, error: asError(error) },
          'a sign-in stays counted among the failures',
        ),
      );
    await renewHash(row, attempt.password, options);
    return { kind: 'verified', account: accountOf(row, options.clock.now()) };
  }
}

/** What can be nobody's name is counted like one that happens to be free. */
function keyOf(login: string): string {
  return foldLogin(login)?.key ?? login;
}

/** The event of a failed sign-in, but for its reason. */
function failureOf(
  { login, origin, clientId }: Attempt,
  key: string | undefined,
  row: AccountTable | undefined,
): (reason: Reason) => AuditEvent {
  return (reason) => ({
    type: 'sign_in.failed',
    reason,
    accountId: row?.id,
    clientId,
    origin,
    // What is nobody's name may be a password that was typed into the wrong field.
    login: row !== undefined && key !== undefined ? key : `sha256:${fingerprint(login)}`,
  });
}

/** Brings an old hash to the configured cost, now that the password is at hand. */
async function renewHash(
  row: AccountTable,
  password: string,
  { records, passwords, logger }: PasswordSignInOptions,
): Promise<void> {
  const old = row.password_hash;
  if (old === null || !passwords.isOutdated(old)) return;
  try {
    const change = { id: row.id, old, new: await passwords.hash(password) };
    await records.write(replacePasswordHash(records.queries, change));
    logger.info({ event: 'password.rehashed', accountId: row.id }, 'renewed a password hash');
  } catch (error) {
    // The old hash is still good: the next sign-in finds a better moment.
    if (!(error instanceof PasswordsBusy)) throw error;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
