import type { PasswordProblem, PasswordReview } from '../../accounts/password-review.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { ApiProblem } from './api-problem.ts';

/** Auth0's names for what may be wrong with a password, and its words. */
const RULES: Readonly<Record<PasswordProblem['key'], { code: string; message: string }>> = {
  'password.tooShort': { code: 'lengthAtLeast', message: 'At least %d characters in length' },
  'password.tooLong': { code: 'lengthAtMost', message: 'At most %d characters in length' },
  'password.common': { code: 'notCommon', message: 'Not a common password' },
  'password.breached': { code: 'notBreached', message: 'Not a password that was leaked' },
  'password.ownName': { code: 'notOwnName', message: 'Not made of name or address' },
};

/** A password that may not be set, with every rule that it breaks. */
export function passwordTooWeak(review: PasswordReview & { readonly ok: false }): ApiProblem {
  const rules = review.problems.map(ruleOf);
  return new ApiProblem(400, {
    name: 'PasswordStrengthError',
    message: 'Password is too weak',
    code: 'invalid_password',
    description: { rules, verified: false },
    policy: rules.map(({ message, format }) => `* ${written(message, format)}`).join('\n'),
    statusCode: 400,
  });
}

function ruleOf({ key, values }: PasswordProblem): JsonObject & {
  readonly message: string;
  readonly format: readonly number[];
} {
  const format = Object.values(values);
  return { ...RULES[key], format, verified: false };
}

function written(message: string, [value]: readonly number[]): string {
  return message.replace('%d', String(value));
}
