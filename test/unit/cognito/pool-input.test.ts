import { expect, test } from 'vitest';
import { poolInput, readPool } from '../../../src/cognito/pool-input.ts';

const SmsConfiguration = { SnsCallerArn: 'arn:aws:iam::123456789012:role/x' };

test.each([{ SmsConfiguration }, { AutoVerifiedAttributes: ['email', 'phone_number'] }])(
  'where nothing can send text messages a pool with %j is refused',
  (asked) => {
    const given = poolInput.parse(asked);
    expect(() => readPool(given, { sms: { isAvailable: false } })).toThrow(
      'SMS is not supported here: sms.gateway.url is not set',
    );
    expect(() => readPool(given, { sms: { isAvailable: true } })).not.toThrow();
  },
);

test('a pool that would recover by SMS is made where there is none: e-mail does it alone', () => {
  const RecoveryMechanisms = [
    { Name: 'verified_phone_number', Priority: 1 },
    { Name: 'verified_email', Priority: 2 },
  ];
  const given = poolInput.parse({ AccountRecoverySetting: { RecoveryMechanisms } });
  expect(() => readPool(given, { sms: { isAvailable: false } })).not.toThrow();
});
