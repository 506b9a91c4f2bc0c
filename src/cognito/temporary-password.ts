import { randomFraction } from '../runtime/random.ts';
import type { PasswordPolicy } from './pool.ts';

/** Without those that are taken for one another when somebody types them off. */
const KINDS = [
  'ABCDEFGHJKLMNPQRSTUVWXYZ',
  'abcdefghijkmnopqrstuvwxyz',
  '23456789',
  '-+=?',
] as const;
const CHARACTERS_MIN = 20;

/** A password for one sign-in, by any policy: a character of every kind, then others. */
export function makeTemporaryPassword({
  minimumLength,
}: Pick<PasswordPolicy, 'minimumLength'>): string {
  const length = Math.max(minimumLength, CHARACTERS_MIN);
  const others = Array.from({ length: length - KINDS.length }, () => oneOf(KINDS.join('')));
  return [...KINDS.map(oneOf), ...others].join('');
}

function oneOf(characters: string): string {
  return characters.charAt(Math.floor(randomFraction('temporary password') * characters.length));
}
