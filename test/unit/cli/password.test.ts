import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readPassword, type PasswordInput } from '../../../src/cli/password.ts';
import { piped } from './fakes.ts';

const SILENT = { print: () => {}, printError: () => {} };

/** A terminal on which `lines` are typed, each after what was asked last. */
function terminal(lines: readonly string[]): { readonly input: PasswordInput; printError(): void } {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
  const waiting = [...lines];
  const printError = (): void => {
    setImmediate(() => input.write(waiting.shift() ?? ''));
  };
  return { input, printError };
}

test.each(['s3cret', 's3cret\n', 's3cret\r\nmore\n'])(
  'the first line that is piped in: %j',
  async (text) => {
    expect(await readPassword(piped(text), SILENT)).toBe('s3cret');
  },
);

test('spaces belong to a password', async () => {
  expect(await readPassword(piped(' a b \n'), SILENT)).toBe(' a b ');
});

test.each(['', '\n'])('nothing that is piped in is no password: %j', async (text) => {
  await expect(readPassword(piped(text), SILENT)).rejects.toMatchObject({
    code: 'ERR_NO_PASSWORD',
  });
});

test('a stream without end is no password', async () => {
  await expect(readPassword(piped('x'.repeat(5000)), SILENT)).rejects.toThrow('is no password');
});

test('on a terminal it is asked twice', async () => {
  const { input, printError } = terminal(['s3cret\r', 's3cret\r']);
  expect(await readPassword(input, { print: () => {}, printError })).toBe('s3cret');
});

test('two passwords that differ change nothing', async () => {
  const { input, printError } = terminal(['s3cret\r', 's3cred\r']);
  await expect(readPassword(input, { print: () => {}, printError })).rejects.toThrow('differ');
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s gives up', async (_, key) => {
  const { input, printError } = terminal([key]);
  await expect(readPassword(input, { print: () => {}, printError })).rejects.toThrow(
    'nothing was changed',
  );
});
