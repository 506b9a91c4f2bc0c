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

test('a client encrypts its requests only where they are read, by an algorithm that has a key', () => {
  const client = {
    requestObjectEncryptionAlg: 'ECDH-ES',
    requestObjectEncryptionEnc: 'A256GCM',
  };
  const needed =
    'clients.0.requestObjectEncryptionAlg needs protocol.requestObjects.encryption with ECDH-ES among its algorithms';
  const withRequests = (encryption: object): object => ({
    encryption: { enabled: true },
    requestObjects: { enabled: true, encryption },
  });
  expect(problems({ client })).toEqual([needed]);
  expect(problems({ client, protocol: withRequests({ enabled: true }) })).toEqual([]);
  const others = { enabled: true, algorithms: ['RSA-OAEP-256'] };
  expect(problems({ client, protocol: withRequests(others) })).toEqual([needed]);
});

test('encrypted requests need signed ones, encryption, and keys that read for as long as the key set is kept', () => {
  const name = 'protocol.requestObjects.encryption.enabled';
  const requestObjects = { encryption: { enabled: true } };
  expect(problems({ protocol: { requestObjects } })).toEqual([
    `${name} needs protocol.requestObjects.enabled`,
    `${name} needs protocol.encryption.enabled`,
  ]);
  const protocol = {
    encryption: { enabled: true },
    requestObjects: { ...requestObjects, enabled: true },
  };
  const signingKeys = { jwksMaxAge: '3d', publishAhead: '4d', signFor: '30d' };
  expect(problems({ protocol, signingKeys })).toEqual([
    'signingKeys.verifyFor must be at least 259260s: clients encrypt to a key for as long as they keep the key set (jwksMaxAge, clockTolerance)',
  ]);
});

test('programs are told of requests by https, and in the dev profile by http, too', () => {
  const protocol = (url: string): object => ({ ciba: { enabled: true, notify: { url } } });
  const told = (url: string, profile = 'dev'): readonly string[] =>
    problems({ protocol: protocol(url), profile }).filter((problem) => problem.includes('notify'));
  expect(told('http://127.0.0.1:9000/events')).toEqual([]);
  expect(told('push.example.com')).toEqual([
    'protocol.ciba.notify.url must be absolute: https://...',
  ]);
  expect(told('http://push.example.com/events', 'production')).toEqual([
    'protocol.ciba.notify.url must be https',
  ]);
});
