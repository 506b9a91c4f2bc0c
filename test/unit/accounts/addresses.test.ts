import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkOf } from '../../../src/accounts/addresses.ts';
import { rounds } from '../../support/counts.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::ffff', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['cli', 'cli'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('every address of a /64 is counted as one, and no other network with it', () => {
  const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16));
  const groups = fc.array(group, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(groups, groups, groups, (network, host, other) => {
      const counted = networkOf([...network, ...host].join(':'));
      expect(networkOf([...network, ...other].join(':'))).toBe(counted);
      fc.pre(network.join() !== other.join());
      expect(networkOf([...other, ...host].join(':'))).not.toBe(counted);
    }),
    { numRuns: rounds(500, 20_000) },
  );
});
