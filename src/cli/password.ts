import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Output } from './output.ts';

const CHARACTERS_MAX = 4096;

/** Where a password may come from: a terminal, or what a program pipes in. */
export type PasswordInput = Readable & { readonly isTTY?: boolean };

/** No password was given, or not the same one twice. */
class NoPassword extends LatchkeyError {
  readonly code = 'ERR_NO_PASSWORD';
}

/**
 * Asks twice on a terminal, without showing what is typed; else takes the first line of what is piped in.
 *
 * @throws {NoPassword} when none came, or the two differ.
 */
export async function readPassword(input: PasswordInput, output: Output): Promise<string> {
  const password = input.isTTY === true ? await ask(input, output) : await firstLine(input);
  if (password === '') {
    throw new NoPassword('no password was given: type one, or pipe one in on standard input');
  }
  return password;
}

async function ask(input: PasswordInput, { printError }: Output): Promise<string> {
  printError('Password (not shown):');
  const password = await typed(input);
  printError('Once more:');
  if ((await typed(input)) === password) return password;
  throw new NoPassword('the two passwords differ: nothing was changed');
}

/** One line of a terminal; what it would echo goes nowhere. */
function typed(input: PasswordInput): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => reject(new NoPassword('no password was given: nothing was changed')));
  });
}

async function firstLine(input: Readable): Promise<string> {
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > CHARACTERS_MAX) throw new NoPassword('what was piped in is no password');
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
