import { expect, test } from 'vitest';
import type { LogFields, Logger } from '../../../src/runtime/logger.ts';
import { createPinoLogger } from '../../../src/runtime/pino-logger.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';

const TOKEN = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.c2lnbmF0dXJl`;

function logged(write: (logger: Logger) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createPinoLogger({ level: 'info', fields: { node: 'a' }, destination }));
  return lines.join('');
}

test('a line is JSON with the level in words, the node, the event and the time', () => {
  const line = logged((log) => log.info({ event: 'key.published', kid: 'k1' }, 'published a key'));
  expect(JSON.parse(line)).toMatchObject({
    level: 'info',
    node: 'a',
    event: 'key.published',
    kid: 'k1',
    msg: 'published a key',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/u),
  });
});

test.each<[string, LogFields | string]>([
  ['a token in the words', `refused ${TOKEN}`],
  ['a token in a field', { event: 'x', detail: `got ${TOKEN}` }],
  ['a token in a list', { event: 'x', details: [TOKEN] }],
  ['a token in an error', { event: 'x', error: new Error(`bad ${TOKEN}`) }],
  ['a token in the cause', { event: 'x', error: new Error('bad', { cause: new Error(TOKEN) }) }],
  ['a password in a URL', { event: 'x', url: `redis://me:${TOKEN}@127.0.0.1` }],
  ['an authorization header', `Authorization: Bearer ${TOKEN.replaceAll('.', '')}`],
])('%s does not get into the log', (_, what) => {
  const line = logged((log) =>
    typeof what === 'string' ? log.warn({ event: 'x' }, what) : log.warn(what, 'words'),
  );
  expect(line).not.toContain('c2lnbmF0dXJl');
  expect(line).toMatch(/\[(?:token|password|credentials)\]/u);
});

test('what a library hangs on an error stays out; our own code stays in', () => {
  const foreign = Object.assign(new Error('no'), { config: { password: 'hunter2' } });
  expect(logged((log) => log.error({ event: 'x', error: foreign }, 'y'))).not.toContain('hunter2');
  const ours = new StateUnavailable('no answer');
  const line = logged((log) => log.error({ event: 'x', error: ours }, 'y'));
  expect(JSON.parse(line).error).toEqual({
    name: 'StateUnavailable',
    code: 'ERR_STATE_UNAVAILABLE',
    message: 'no answer',
  });
});
