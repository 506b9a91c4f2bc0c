import { expect, test } from 'vitest';
import { httpConfig } from '../../../src/http/config.ts';

test('without a word the node listens on loopback and trusts no proxy', () => {
  expect(httpConfig.parse({})).toMatchObject({
    listen: { host: '127.0.0.1', port: 4000 },
    hosts: [],
    trustedProxies: [],
    tls: { from: 'off' },
    metrics: { enabled: false },
    limits: { body: 65_536, headers: 16_384, headersTimeout: 10, requestTimeout: 20 },
    outbound: { allow: [], timeoutMs: 2500 },
  });
});

test.each([
  { trustedProxies: ['0.0.0.0/33'] },
  { trustedProxies: ['proxy.internal'] },
  { trustedProxies: ['10.0.0.0/8/8'] },
  { hosts: ['https://id.example.com'] },
  { hosts: ['ID.example.com'] },
  { outbound: { allow: ['https://app'] } },
  { limits: { body: '64' } },
  { listen: { port: 70_000 } },
  { unknown: 1 },
])('%j is refused', (given) => {
  expect(httpConfig.safeParse(given).success).toBe(false);
});

test.each([
  { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] },
  { hosts: ['id.internal:8443', '[::1]:4000'] },
  { outbound: { allow: ['app.internal', '10.1.0.0/16', '::1'] } },
])('%j is taken', (given) => {
  expect(httpConfig.safeParse(given).success).toBe(true);
});
