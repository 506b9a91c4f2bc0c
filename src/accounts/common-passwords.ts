import { readFile } from 'node:fs/promises';

/**
 * Passwords that a guesser tries first, eight characters and more, in lower case: some 18,000 that lead the published
 * lists of leaked ones. Read when it is first asked for; how often one may guess is what the limits see to.
 */
export async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const text = await readFile(new URL('common-passwords.txt', import.meta.url), 'utf8');
  return new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('# ')));
}
