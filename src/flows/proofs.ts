/** How somebody proved who they are. */
export type ProofMethod =
  | 'password'
  /** A passkey that only showed that somebody was there. */
  | 'passkey'
  /** A passkey that also verified its user, by PIN or biometrics. */
  | 'passkey-verified'
  | 'totp'
  | 'recovery-code'
  /** A code that was sent to the verified address of the account. */
  | 'email-code'
  /** A code that was sent to the telephone of the account. */
  | 'sms-code';

/** One thing that was proven in one flow. */
export interface Proof {
  readonly method: ProofMethod;
  readonly accountId: string;
  /** NumericDate. */
  readonly at: number;
}

/**
 * What kind of thing a method proves; two kinds make more than one factor. A mailbox, or a number, is a kind of its own: who reads it may
 * have no device of the person's, so their app or passkey is asked for beside it, as beside a password.
 */
const FACTORS: Readonly<Record<ProofMethod, readonly ('knows' | 'has' | 'reads')[]>> = {
  password: ['knows'],
  passkey: ['has'],
  'passkey-verified': ['knows', 'has'],
  totp: ['has'],
  'recovery-code': ['has'],
  'email-code': ['reads'],
  'sms-code': ['reads'],
};

/** RFC 8176. A code that was sent or written down is a one-time password like any other. */
const AMR: Readonly<Record<ProofMethod, readonly string[]>> = {
  password: ['pwd'],
  passkey: ['pop'],
  'passkey-verified': ['pop', 'user'],
  totp: ['otp'],
  'recovery-code': ['otp'],
  'email-code': ['otp'],
  'sms-code': ['otp', 'sms'],
};

/** Methods that say by themselves who somebody is; the others add to one of these. */
const IDENTIFYING: ReadonlySet<ProofMethod> = new Set([
  'password',
  'passkey',
  'passkey-verified',
  'email-code',
  'sms-code',
]);

/** Whether the proofs are of more than one factor. */
export function isMultiFactor(proofs: readonly Proof[]): boolean {
  return new Set(proofs.flatMap(({ method }) => FACTORS[method])).size > 1;
}

/** The `amr` of a sign-in by these proofs. */
export function amrOf(proofs: readonly Proof[]): readonly string[] {
  const methods = [...new Set(proofs.flatMap(({ method }) => AMR[method]))];
  return isMultiFactor(proofs) ? [...methods, 'mfa'] : methods;
}

/**
 * The proofs of a flow after one more. One that says who somebody is, of another account than before, begins
 * anew; one that only adds must be of the same account.
 */
export function withProof(proofs: readonly Proof[], added: Proof): readonly Proof[] {
  const others = proofs.filter(({ method }) => method !== added.method);
  if (proofs.every(({ accountId }) => accountId === added.accountId) && proofs.length > 0)
    return [...others, added];
  if (!IDENTIFYING.has(added.method))
    throw new TypeError('a second factor of an account that has not been identified');
  return [added];
}
