import type { Context } from 'koa';
import { z } from 'zod';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { House } from '../capability.ts';
import type { Factors, FactorSummary } from '../factors/factors.ts';
import type { BrowserFlow, BrowserFlows } from '../flows/browser-flows.ts';
import type { KeptFactor } from '../flows/requirement.ts';

/** What the steps keep between two requests. */
export const recoveryData = z.strictObject({
  accountId: z.string(),
  /** Where the letter went; left out: an operator handed the link over. */
  email: z.string().optional(),
  /** What an open page was given to sign, or to make a passkey with. */
  challenge: z.string().optional(),
});
export type RecoveryData = z.output<typeof recoveryData>;

/** What somebody who recovers has to do next. */
export type NextStep =
  | { readonly kind: 'second-factor'; readonly choices: readonly [KeptFactor, ...KeptFactor[]] }
  /** They have a second factor that cannot be shown here, or that is the mailbox itself: only an operator helps. */
  | { readonly kind: 'stuck'; readonly why: 'passkey' | 'mailbox' }
  | { readonly kind: 'new-way' };

/** Where somebody stands who recovers an account. */
export interface Recovery {
  readonly found: BrowserFlow<RecoveryData>;
  readonly account: Account;
  readonly has: FactorSummary;
  readonly step: NextStep;
}

/** Recoveries under way, each of one browser. */
export interface Recoveries extends BrowserFlows<RecoveryData> {
  /** Undefined: over, of another browser, or of an account that may not be recovered any more. */
  look(ctx: Context, id: string): Promise<Recovery | undefined>;
}

/** Whoever is locked is let in again by recovery; whom operators keep out stays out. */
export function isRecoverable({ state }: Account): boolean {
  return state === 'active' || state === 'locked';
}

export function createRecoveries(
  flows: BrowserFlows<RecoveryData>,
  house: { readonly accounts: Accounts; readonly factors: Factors } & Pick<
    House,
    'isMailboxFactor'
  >,
): Recoveries {
  const { accounts, factors, isMailboxFactor } = house;
  return {
    ...flows,
    async look(ctx, id) {
      const found = await flows.find(ctx, id);
      if (found === undefined) return undefined;
      const { accountId } = found.data;
      const [account, has] = await Promise.all([accounts.find(accountId), factors.of(accountId)]);
      if (account === undefined || has === undefined || !isRecoverable(account)) return undefined;
      if (!isStillTheirs(account, found.data)) return undefined;
      const step = nextStep(found, has, factors.passkeys.available);
      // Nothing but the letter was shown, and the mailbox must not be both factors.
      const isOneMailbox = step.kind === 'new-way' && isByLetterAlone(found);
      if (!isOneMailbox || !(await isMailboxFactor(accountId)))
        return { found, account, has, step };
      return { found, account, has, step: { kind: 'stuck', why: 'mailbox' } };
    },
  };
}

/**
 * A letter to an address that the account has no more proves nothing: it may have been a thief's, whose change of it
 * the owner has taken back since.
 */
function isStillTheirs(account: Account, { email }: RecoveryData): boolean {
  return email === undefined || (account.emailVerified && account.email === email);
}

function isByLetterAlone({ data, flow }: BrowserFlow<RecoveryData>): boolean {
  return data.email !== undefined && flow.proofs.every(({ method }) => method === 'email-code');
}

/**
 * The letter stands for the password alone: whoever has a second factor shows it here, too, or whoever reads somebody's
 * mail would have the account (Keycloak CVE-2026-18963, ZITADEL CVE-2025-64103).
 */
function nextStep(
  { flow }: Pick<BrowserFlow<unknown>, 'flow'>,
  has: Pick<FactorSummary, 'passkeys' | 'totp' | 'recoveryCodes'>,
  arePasskeysAvailable: boolean,
): NextStep {
  const isAsked = has.passkeys.length > 0 || has.totp !== undefined;
  const isShown = flow.proofs.some(({ method }) => method !== 'email-code');
  if (!isAsked || isShown) return { kind: 'new-way' };
  const [first, ...others] = [
    ...(has.passkeys.length > 0 && arePasskeysAvailable ? (['passkey'] as const) : []),
    ...(has.totp === undefined ? [] : (['totp'] as const)),
    ...(has.recoveryCodes > 0 ? (['recovery-code'] as const) : []),
  ];
  return first === undefined
    ? { kind: 'stuck', why: 'passkey' }
    : { kind: 'second-factor', choices: [first, ...others] };
}
