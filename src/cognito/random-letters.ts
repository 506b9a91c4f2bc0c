import { randomId } from '../runtime/random.ts';

/** So many random letters and digits, at most 40: enough of them are drawn that some may be left out. */
export function randomLetters(count: number, purpose: string): string {
  return randomId(64, purpose).replaceAll(/[_-]/g, '').slice(0, count);
}
