import { expect, test } from 'vitest';
import { smsConfig, smsProblems } from '../../../src/sms/config.ts';
import { isPhoneNumber, lastDigits } from '../../../src/accounts/phone-number.ts';

test.each(['+15551234567', '+4930901820', '+491701234567890'])('%s is a number', (number) => {
  expect(isPhoneNumber(number)).toBe(true);
});

test.each([
  '',
  '15551234567',
  '+05551234567',
  '+1 555 1234567',
  '+1555',
  '+1234567890123456',
  '+1555123456７',
  '+15551234567\n',
])('%j is no number in the form of E.164', (number) => {
  expect(isPhoneNumber(number)).toBe(false);
});

test('logs know a number by its last digits', () => {
  expect(lastDigits('+15551234567')).toBe('4567');
});

test('the gateway is called by https, and a secret is for somebody', () => {
  const problems = (gateway: object, profile = 'production', smsCode = false): readonly string[] =>
    smsProblems({
      sms: smsConfig.parse({ gateway }),
      authentication: { smsCode },
      profile,
    }).map(({ message }) => message);
  expect(problems({ url: 'http://sms.example.com/' })).toEqual(['must be https']);
  expect(problems({ url: 'http://localhost:9000/' }, 'dev')).toEqual([]);
  expect(problems({ url: 'https://sms.example.com/', secret: { env: 'SMS' } })).toEqual([]);
  expect(problems({}, 'production', true)).toEqual(['needs sms.gateway.url']);
  expect(problems({}, 'dev', true)).toEqual([]);
  expect(problems({ secret: { env: 'SMS' } })).toEqual(['is missing: whom else is the secret for']);
});
