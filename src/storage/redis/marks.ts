import { StateUnavailable } from '../state.ts';
import type { Trial } from './attempts.ts';

/** The keys of a script that can tell by the entry itself, in nearly all cases, what an earlier try did. */
export function keysOfSwap(name: string, mark: string, { hasMarks }: Trial): readonly string[] {
  return hasMarks ? [name, mark] : [name];
}

/**
 * The keys of a script that can tell by its mark alone whether an earlier try was done.
 *
 * @throws {StateUnavailable} when it may have been, and left no mark.
 */
export function keysOfOnce(name: string, mark: string, trial: Trial): readonly string[] {
  if (trial.hasMarks) return [name, mark];
  if (trial.mayBeDone) throw new StateUnavailable('nobody can tell whether it was done');
  return [name];
}
