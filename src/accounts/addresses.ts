import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;
const NETWORK_GROUPS = 4;
/** `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2): an IPv4 address in the coat of an IPv6 one. */
const MAPPED = /^(?:0:){5}ffff:(?<high>[0-9a-f]{1,4}):(?<low>[0-9a-f]{1,4})$/;

/**
 * The network that an address is counted by: an IPv4 address by itself, an IPv6 address by its /64, which
 * is the least that one line is given, so that nobody has 2^64 fresh addresses to guess from.
 */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/s, '');
  if (isIPv4(bare) || !isIPv6(bare)) return bare;
  const groups = groupsOf(bare);
  const mapped = MAPPED.exec(groups.join(':'))?.groups;
  if (mapped?.['high'] !== undefined && mapped['low'] !== undefined) {
    return [mapped['high'], mapped['low']].flatMap(bytesOf).join('.');
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** The eight groups, without leading zeros, as the URL parser writes them. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: GROUPS - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right];
}

function bytesOf(group: string): readonly number[] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
