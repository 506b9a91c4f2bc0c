import type { SignInSettings } from '../accounts/config.ts';
import { createThrottle } from '../accounts/throttle.ts';
import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { State } from '../storage/state.ts';
import { createAddressAdmission, type Leave } from './address-admission.ts';
import { createCountNames, GUESSABLE, type Guessable } from './count-names.ts';
import type { FactorAttempt, FactorKind, FactorOutcome } from './factors.ts';

/** What a check came to. */
export type Verdict<Proven = object> = Right<Proven> | Wrong;

interface Right<Proven> {
  readonly isRight: true;
  readonly proven: Proven;
  /** Whose it was, where the attempt did not say. */
  readonly accountId?: string | undefined;
  readonly factorId?: string | undefined;
}

interface Wrong {
  readonly isRight: false;
  readonly reason: Extract<AuditEvent, { type: 'factor.failed' }>['reason'];
  readonly accountId?: string | undefined;
}

type Attempt = Omit<FactorAttempt, 'accountId'> & { readonly accountId?: string | undefined };

/** Counts each check before it is made, gives back what was right, and puts all of it on record. */
export interface CountedChecks {
  /** Of a secret that can be guessed: strangers' failures block strangers, like at passwords. */
  guess<Proven>(
    factor: Guessable,
    attempt: FactorAttempt,
    evaluate: () => Promise<Verdict<Proven>>,
  ): Promise<FactorOutcome<Proven>>;
  /** Of what cannot be guessed: only the address is counted, so that nobody keeps us busy or fills the record. */
  signature<Proven>(
    factor: 'passkey',
    attempt: Attempt,
    evaluate: () => Promise<Verdict<Proven>>,
  ): Promise<FactorOutcome<Proven>>;
  /**
   * A new secret is set up here: failures with the old one are forgotten, and the address is known, so that
   * strangers cannot block whoever has never proven the new one.
   */
  begin(factor: Guessable, accountId: string, origin: Origin): Promise<void>;
  /** Forgets the failures in a row of one account. */
  forgive(accountId: string): Promise<void>;
}

/** Over the throttle of the accounts, under names that nobody can type. */
export function createCountedChecks({
  state,
  clock,
  audit,
  sealer,
  limits,
}: {
  readonly state: State;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly sealer: Pick<Sealer, 'keysFor'>;
  readonly limits: SignInSettings['limits'];
}): CountedChecks {
  const throttle = createThrottle({ state, clock, limits });
  const nameOf = createCountNames(sealer);
  const admitAddress = createAddressAdmission(state, limits);

  return {
    async guess(factor, attempt, evaluate) {
      const { accountId, origin } = attempt;
      const login = nameOf(factor, accountId);
      const leave = await throttle.admit({ login, address: origin.address });
      return await checked({ audit, factor, attempt, leave }, evaluate);
    },
    async signature(factor, attempt, evaluate) {
      const leave = await admitAddress(attempt.origin);
      return await checked({ audit, factor, attempt, leave }, evaluate);
    },
    async begin(factor, accountId, { address }) {
      const login = nameOf(factor, accountId);
      await throttle.forgive([login]);
      const leave = await throttle.admit({ login, address });
      if (leave.kind === 'admitted') await leave.succeeded();
    },
    forgive: (accountId) => throttle.forgive(GUESSABLE.map((one) => nameOf(one, accountId))),
  };
}

interface Counted {
  readonly audit: Audit;
  readonly factor: FactorKind;
  readonly attempt: Attempt;
  readonly leave: Leave;
}

/** The one way of every check, once it has been counted. */
async function checked<Proven>(
  { audit, factor, attempt, leave }: Counted,
  evaluate: () => Promise<Verdict<Proven>>,
): Promise<FactorOutcome<Proven>> {
  const about = { factor, origin: attempt.origin, clientId: attempt.clientId };
  if (leave.kind === 'throttled') {
    // Every blocked path once; whoever goes on knocking does not get to fill the record.
    const { accountId } = attempt;
    if (leave.isFirst) await audit.record({ type: 'factor.locked', accountId, ...about });
    return { kind: 'throttled', retryAfterSeconds: leave.retryAfterSeconds };
  }
  const verdict = await evaluated(evaluate, leave);
  const accountId = verdict.accountId ?? attempt.accountId;
  if (!verdict.isRight) {
    await audit.record({ type: 'factor.failed', accountId, reason: verdict.reason, ...about });
    return { kind: 'refused' };
  }
  await leave.succeeded();
  const { factorId } = verdict;
  await audit.record({ type: 'factor.used', accountId, factorId, ...about });
  return { kind: 'proven', ...verdict.proven };
}

/** A store that did not answer has checked nothing: the attempt is not held against the person. */
async function evaluated<Proven>(
  evaluate: () => Promise<Verdict<Proven>>,
  leave: Extract<Leave, { kind: 'admitted' }>,
): Promise<Verdict<Proven>> {
  try {
    return await evaluate();
  } catch (error) {
    await leave.withdraw();
    throw error;
  }
}
