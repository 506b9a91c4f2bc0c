import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

function problemsOf(mtls: object, { client = {}, tls = 'dev-ca' } = {}): unknown {
  const read = settingsSchema.safeParse({
    profile: 'dev',
    issuer: 'https://localhost:4000',
    http: { tls: { from: tls } },
    protocol: { mtls },
    clients: [{ id: 'machine', type: 'machine', ...client }],
  });
  return read.error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];
}

const SECRET = { secretInClear: 'a-secret-of-a-test-0123456789abcdef' };
const BY_NAME = { tokenEndpointAuthMethod: 'tls_client_auth', tlsClientAuthSanDns: 'a.example' };
const BOUND = { ...SECRET, tlsClientCertificateBoundAccessTokens: true };
const LISTENER = { enabled: true, listener: {} };

test('certificates of clients need a way to come, and lists an authority', () => {
  expect(problemsOf(LISTENER, { client: SECRET })).toStrictEqual([]);
  expect(problemsOf({ enabled: true, header: {} }, { client: SECRET, tls: 'off' })).toStrictEqual(
    [],
  );
  expect(problemsOf({ enabled: true }, { client: SECRET })).toStrictEqual([
    [
      'protocol.mtls.enabled',
      'needs a way for certificates to come: protocol.mtls.listener or .header',
    ],
  ]);
  expect(problemsOf(LISTENER, { client: SECRET, tls: 'off' })).toStrictEqual([
    ['protocol.mtls.listener', 'needs a certificate of ours: set http.tls.from'],
  ]);
  expect(problemsOf({ revocationListsFile: 'lists.pem' }, { client: SECRET })).toStrictEqual([
    ['protocol.mtls.revocationListsFile', 'is of use with protocol.mtls.authoritiesFile alone'],
  ]);
});

test('clients use certificates only where they are on, and authorities only where they are named', () => {
  const authoritiesFile = 'authorities.pem';
  expect(problemsOf({ ...LISTENER, authoritiesFile }, { client: BY_NAME })).toStrictEqual([]);
  expect(problemsOf(LISTENER, { client: BOUND })).toStrictEqual([]);
  expect(problemsOf(LISTENER, { client: BY_NAME })).toStrictEqual([
    ['clients.0.tokenEndpointAuthMethod', 'needs protocol.mtls.authoritiesFile'],
  ]);
  expect(problemsOf({}, { client: BY_NAME })).toStrictEqual([
    ['clients.0.tokenEndpointAuthMethod', 'needs protocol.mtls.enabled'],
  ]);
  expect(problemsOf({}, { client: BOUND })).toStrictEqual([
    ['clients.0.tlsClientCertificateBoundAccessTokens', 'needs protocol.mtls.enabled'],
  ]);
});
