/** The answer of a command that gives a list. */
export function asList(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new TypeError('Redis gave no list');
  return answer;
}

/** The answer of a command that gives a string. */
export function asText(answer: unknown): string {
  if (typeof answer !== 'string') throw new TypeError('Redis gave no string');
  return answer;
}
