import type { JsonObject } from '../runtime/json.ts';

/** Why a password was refused, as a key of the locale catalogs and the values in its text. */
export interface PasswordProblem {
  readonly key: PasswordProblemKey;
  readonly values: Readonly<Record<string, number>>;
}

export type PasswordProblemKey =
  | 'password.tooShort'
  | 'password.tooLong'
  | 'password.common'
  | 'password.breached'
  | 'password.ownName';

/** 0 (guessed at once) to 4 (out of reach); advice, never a rule. */
export type PasswordScore = 0 | 1 | 2 | 3 | 4;

/** What a new password is worth. `hint`: a key of the locale catalogs for what would make it stronger. */
export type PasswordReview = {
  readonly score: PasswordScore;
  readonly hint: PasswordHint | undefined;
} & ({ readonly ok: true } | { readonly ok: false; readonly problems: readonly PasswordProblem[] });

export type PasswordHint =
  | 'password.hint.longer'
  | 'password.hint.repeats'
  | 'password.hint.keyboard'
  | 'password.hint.dates'
  | 'password.hint.common'
  | 'password.hint.ownName';

/** Whom a new password is for, so that it is not made of their names. */
export interface PasswordOwner {
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  readonly claims?: JsonObject | undefined;
}
