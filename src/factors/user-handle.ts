import { randomId } from '../runtime/random.ts';

const BYTES = 32;

/** A new name under which authenticators know a person: random, so that it says nothing of them. */
export function newUserHandle(): string {
  return randomId(BYTES);
}
