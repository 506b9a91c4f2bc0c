import { isMultiFactor, type Proof, type ProofMethod } from './proofs.ts';

/** When a second factor is asked for. */
export type SecondFactorPolicy = 'never' | 'if-enrolled' | 'required';

/** What an account can prove itself with, beside a password. */
export interface Means {
  readonly passkeys: number;
  readonly totp: boolean;
  readonly recoveryCodes: number;
  /** The issuer takes a code by e-mail of them; left out: it does not. */
  readonly emailCode?: boolean | undefined;
}

/** What a sign-in must reach. */
export interface Requirement {
  readonly policy: SecondFactorPolicy;
  /** The client asks for more than one factor by `acr_values` or `claims`: nothing else will do. */
  readonly isMultipleAsked: boolean;
  /** The browser proved the second factor before, and was told to be remembered. */
  readonly isDeviceKnown: boolean;
}

/** What somebody has to do next. */
export type NextStep =
  | { readonly kind: 'identify' }
  /** One of `choices`, the most convenient first. */
  | { readonly kind: 'second-factor'; readonly choices: readonly SecondFactor[] }
  /** There is no second factor yet, and none may do without. */
  | { readonly kind: 'enrol' }
  | { readonly kind: 'done' };

/** Of those that an account keeps. */
export type KeptFactor = Extract<ProofMethod, 'passkey' | 'totp' | 'recovery-code'>;
export type SecondFactor = KeptFactor | Extract<ProofMethod, 'email-code'>;

/** The step that `proofs` leave to do. */
export function nextStep(
  proofs: readonly Proof[],
  means: Means,
  { policy, isMultipleAsked, isDeviceKnown }: Requirement,
): NextStep {
  if (proofs.length === 0) return { kind: 'identify' };
  if (isMultiFactor(proofs)) return { kind: 'done' };
  const choices = secondFactors(proofs, means);
  if (isMultipleAsked) return choices.length > 0 ? ask(choices) : { kind: 'enrol' };
  if (policy === 'never' || isDeviceKnown) return { kind: 'done' };
  if (choices.length > 0) return ask(choices);
  return policy === 'required' ? { kind: 'enrol' } : { kind: 'done' };
}

function ask(choices: readonly SecondFactor[]): NextStep {
  return { kind: 'second-factor', choices };
}

/** Whatever makes more than one factor of what was proven already. */
function secondFactors(
  proofs: readonly Proof[],
  { passkeys, totp, recoveryCodes, emailCode = false }: Means,
): readonly SecondFactor[] {
  const offered: readonly SecondFactor[] = [
    ...(passkeys > 0 ? (['passkey'] as const) : []),
    ...(totp ? (['totp'] as const) : []),
    ...(emailCode ? (['email-code'] as const) : []),
  ];
  // Codes on paper stand in for a factor that was lost; alone they are none.
  const all =
    offered.length > 0 && recoveryCodes > 0 ? [...offered, 'recovery-code' as const] : offered;
  const [first] = proofs;
  if (first === undefined) return [];
  return all.filter(
    (method) => isMultiFactor([...proofs, { ...first, method }]) || method === 'passkey',
  );
}
