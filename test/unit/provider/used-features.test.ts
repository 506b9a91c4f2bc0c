import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const problems = (more: object): readonly string[] => {
  const secretInClear = 'a-secret-of-a-test-0123456789abcdef';
  const redirectUris = ['https://app.example/callback'];
  const { client, ...rest } = { client: {}, ...more };
  const clients = [{ id: 'app', secretInClear, redirectUris, ...client }];
  const { error } = settingsSchema.safeParse({ profile: 'dev', clients, ...rest });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
};

test.each([
  ['userinfoSignedResponseAlg', { userinfoSignedResponseAlg: 'ES256' }, 'signedAnswers'],
  ['requireSignedRequestObject', { requireSignedRequestObject: true }, 'requestObjects'],
  [
    'idTokenEncryptedResponseAlg',
    { idTokenEncryptedResponseAlg: 'dir', idTokenEncryptedResponseEnc: 'A256GCM' },
    'encryption',
  ],
])('a client has %s only where the protocol has it', (name, client, part) => {
  expect(problems({ client })).toEqual([`clients.0.${name} needs protocol.${part}.enabled`]);
  expect(problems({ client, protocol: { [part]: { enabled: true } } })).toEqual([]);
});

test('a client that goes without a part of the protocol does not need it', () => {
  expect(problems({ client: { requireSignedRequestObject: false } })).toEqual([]);
});

test('the tokens of an API are encrypted only where encryption is on', () => {
  const encryption = { algorithm: 'dir', secret: { env: 'SHARED' } };
  const apis = [{ identifier: 'x', name: 'X', encryption }];
  expect(problems({ apis })).toEqual(['apis.0.encryption needs protocol.encryption.enabled']);
  expect(problems({ apis, protocol: { encryption: { enabled: true } } })).toEqual([]);
});
