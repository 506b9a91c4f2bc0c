import type { PasswordReview } from './password-review.ts';

/** What a page says of a password that was refused: messages of the catalogs, with their one number. */
export interface PasswordWords {
  readonly problems: readonly { readonly message: string; readonly count: number }[];
  /** A message, too; empty: nothing to advise. */
  readonly hint: string;
}

/** `review` in the words of `views/partials/password-problems.liquid`; undefined: nothing was typed yet. */
export function passwordWords(review: PasswordReview | undefined): PasswordWords {
  if (review === undefined || review.ok) return { problems: [], hint: '' };
  return {
    problems: review.problems.map(({ key, values }) => ({
      message: key,
      count: values['min'] ?? values['max'] ?? 0,
    })),
    hint: review.hint ?? '',
  };
}
