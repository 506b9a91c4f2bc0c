import { expect, test } from 'vitest';
import { createNetworks } from '../../../src/http/networks.ts';
import { createPublicAddresses } from '../../../src/http/public-addresses.ts';

test('an address is in a network by its bits, in either family', () => {
  const networks = createNetworks(['10.1.0.0/16', '192.0.2.7', 'fd00::/8']);
  expect(['10.1.255.1', '192.0.2.7', 'fd12::1', '::ffff:10.1.0.1'].map(networks.has)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['10.2.0.1', '192.0.2.8', 'fe80::1', '::ffff:10.2.0.1'].map(networks.has)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('what is no address is in no network', () => {
  const everything = createNetworks(['0.0.0.0/0', '::/0']);
  expect(['', 'localhost', '10.0.0', '010.0.0.1', '0x7f.1'].filter(everything.has)).toEqual([]);
});

test.each([
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::7f00:1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
])('%s is not a public address', (address) => {
  expect(createPublicAddresses().has(address)).toBe(false);
});

test.each(['1.1.1.1', '172.32.0.1', '9.9.9.9', '::ffff:1.1.1.1', '2606:4700:4700::1111'])(
  '%s is a public address',
  (address) => {
    expect(createPublicAddresses().has(address)).toBe(true);
  },
);
