/** How a call ended; `code`: a status, or the name of what went wrong, never a text from outside. */
export type Answer =
  | { readonly kind: 'taken' }
  /** Not now: it may be taken another time. */
  | { readonly kind: 'later'; readonly code: string }
  | { readonly kind: 'refused'; readonly code: string };

/** Answers after which the same may be taken another time, beside those of 500 and more. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
const SERVER_ERROR = 500;

/** What a program of the operator answered; nothing of the body is read. */
export async function answerOf({ status, ok, body }: Response): Promise<Answer> {
  await body?.cancel();
  if (ok) return { kind: 'taken' };
  const isPassing = status >= SERVER_ERROR || PASSING.has(status);
  return { kind: isPassing ? 'later' : 'refused', code: `HTTP_${status}` };
}

/** Not reached, or no key may sign now. */
export function laterOf(error: unknown): Answer {
  const { cause = error } = error instanceof Error ? error : new Error('unknown');
  const named = cause instanceof Error ? cause : new Error('unknown');
  const code = 'code' in named && typeof named.code === 'string' ? named.code : named.name;
  return { kind: 'later', code };
}
