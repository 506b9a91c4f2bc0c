import { expect, test } from 'vitest';
import { createFormTokens } from '../../../src/http/form-tokens.ts';

const tokens = createFormTokens([Buffer.alloc(32, 1)]);
const forged = expect.objectContaining({ code: 'ERR_BAD_FORM' });

test('a token is good for its own interaction, on every node with the secret', () => {
  const otherNode = createFormTokens([Buffer.alloc(32, 1)]);
  expect(() => otherNode.check('uid-1', tokens.issue('uid-1'))).not.toThrow();
});

test('and for no other (an attacker has a token too: that of an interaction of their own)', () => {
  expect(() => tokens.check('uid-1', tokens.issue('uid-2'))).toThrow(forged);
});

test('no token is a wrong token', () => {
  for (const token of [undefined, '', 'undefined'])
    expect(() => tokens.check('uid-1', token)).toThrow(forged);
});

test('a token under another secret is a wrong token', () => {
  const stranger = createFormTokens([Buffer.alloc(32, 2)]);
  expect(() => tokens.check('uid-1', stranger.issue('uid-1'))).toThrow(forged);
});

test('while secrets are changed, a node takes the forms of one that has them in another order', () => {
  const [former, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const [first, last] = [createFormTokens([former, next]), createFormTokens([next, former])];
  expect(() => last.check('uid-1', first.issue('uid-1'))).not.toThrow();
  expect(() => first.check('uid-1', last.issue('uid-1'))).not.toThrow();
});
