import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createOriginReader } from '../../../src/http/origin-reader.ts';

function request(peer: string, headers: IncomingHttpHeaders): IncomingMessage {
  return { headers, socket: { remoteAddress: peer } } as IncomingMessage;
}

const read = createOriginReader({ issuer: 'https://id.example.com:8443' }, ['10.0.0.0/8']);

describe('a listed proxy is believed', () => {
  test('the client is the nearest hop that is not a proxy of ours', () => {
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.0.0.2' };
    expect(read(request('10.0.0.1', forwarded)).address).toBe('203.0.113.9');
  });

  test('what a client wrote before its own address counts for nothing', () => {
    const forwarded = { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' };
    expect(read(request('::ffff:10.0.0.1', forwarded)).address).toBe('203.0.113.9');
  });

  test('a hop that is no address ends the chain', () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.9, unknown, 10.0.0.3' };
    expect(read(request('10.0.0.1', forwarded)).address).toBe('10.0.0.3');
  });

  test('its request id is taken when it is one', () => {
    expect(read(request('10.0.0.1', { 'x-request-id': 'abc-12345' })).requestId).toBe('abc-12345');
    expect(read(request('10.0.0.1', { 'x-request-id': 'a b\u2028' })).requestId).toMatch(
      /^[\w-]{8}-0{3}\w$/,
    );
  });
});

test('anyone else is not believed (an address can be claimed by any client)', () => {
  const origin = read(
    request('203.0.113.5', { 'x-forwarded-for': '127.0.0.1', 'x-request-id': 'mine-12345' }),
  );
  expect(origin.address).toBe('203.0.113.5');
  expect(origin.requestId).not.toBe('mine-12345');
});

test('whoever asks, the engine sees the host and the scheme of the issuer', () => {
  for (const peer of ['10.0.0.1', '203.0.113.5']) {
    const asked = request(peer, {
      host: 'evil.example',
      forwarded: 'host=evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '1',
      'x-real-ip': '1.2.3.4',
    });
    const { address } = read(asked);
    expect(asked.headers).toEqual({
      host: 'id.example.com:8443',
      'x-forwarded-host': 'id.example.com:8443',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': address,
    });
  }
});
