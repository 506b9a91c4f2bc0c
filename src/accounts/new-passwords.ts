import type { IsBreached } from './breached-passwords.ts';
import { readCommonPasswords } from './common-passwords.ts';
import type { PasswordOwner, PasswordProblem, PasswordReview } from './password-review.ts';
import { namesOf, normalizePassword, passwordProblem, type PasswordRules } from './rules.ts';
import type { StrengthMeter } from './strength.ts';

/** Whether a password may be a new one. */
export interface NewPasswords {
  /** By the rules; empty: it may. */
  problems(password: string, owner: PasswordOwner): Promise<readonly PasswordProblem[]>;
}

/** What is free comes first: whatever breaks a rule is measured against no list and sent nowhere. */
export function createNewPasswords(options: {
  readonly rules: PasswordRules;
  /** Without it nobody is asked. */
  readonly isBreached?: IsBreached | undefined;
}): NewPasswords {
  const { rules, isBreached } = options;
  let common: Promise<ReadonlySet<string>> | undefined;

  async function isCommon(text: string): Promise<boolean> {
    common ??= readCommonPasswords();
    return (await common).has(text.toLowerCase());
  }

  return {
    async problems(password, owner) {
      const problem = passwordProblem(password, rules, owner);
      if (problem !== undefined) return [problem];
      const text = normalizePassword(password);
      if (rules.refuseCommon && (await isCommon(text)))
        return [{ key: 'password.common', values: {} }];
      if (isBreached !== undefined && (await isBreached(text)))
        return [{ key: 'password.breached', values: {} }];
      return [];
    },
  };
}

/** Whether `password` may be a new one, with its strength, for whoever is choosing it. */
export async function reviewPassword(
  password: string,
  owner: PasswordOwner,
  { newPasswords, meter }: { readonly newPasswords: NewPasswords; readonly meter: StrengthMeter },
): Promise<PasswordReview> {
  const problems = await newPasswords.problems(password, owner);
  // What is too long to be looked at is not measured, either.
  if (problems.some(({ key }) => key === 'password.tooLong'))
    return { ok: false, problems, score: 0, hint: undefined };
  const strength = await meter.measure(normalizePassword(password), namesOf(owner));
  return problems.length === 0 ? { ok: true, ...strength } : { ok: false, problems, ...strength };
}
