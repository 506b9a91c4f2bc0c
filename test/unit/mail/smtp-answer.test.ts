import { expect, test } from 'vitest';
import { smtpAnswerOf } from '../../../src/mail/smtp-answer.ts';

const failure = (fields: object): Error =>
  Object.assign(new Error('550 <ada@example.com>'), fields);

test.each([
  ['nobody has the address', { responseCode: 550, command: 'RCPT TO', code: 'EENVELOPE' }, '550'],
  ['the letter itself', { responseCode: 554, command: 'DATA', code: 'EMESSAGE' }, '554'],
])('a server that will never take it (%s) ends a letter', (_, fields, code) => {
  expect(smtpAnswerOf(failure(fields))).toEqual({ kind: 'refused', code });
});

test.each([
  ['grey-listing', { responseCode: 450, command: 'RCPT TO', code: 'EENVELOPE' }, '450'],
  ['a password of ours', { responseCode: 535, command: 'AUTH PLAIN', code: 'EAUTH' }, '535'],
  ['a sender of ours', { responseCode: 553, command: 'MAIL FROM', code: 'EENVELOPE' }, '553'],
  ['no server', { code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
  ['words in place of a code', { code: 'to ada@example.com' }, 'EFAILED'],
  ['an error of nobody', {}, 'EFAILED'],
])('what may be mended (%s) is tried again', (_, fields, code) => {
  expect(smtpAnswerOf(failure(fields))).toEqual({ kind: 'later', code });
});
