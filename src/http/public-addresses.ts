import { isIP } from 'node:net';
import { createNetworks, plainAddress, type Networks } from './networks.ts';

/** The special-purpose IPv4 blocks (RFC 6890 and the IANA registry), multicast and the reserved rest. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** All of global unicast; whatever is outside (mapped, NAT64, unique local, link local, multicast) is not public. */
const GLOBAL_IPV6 = ['2000::/3'];
/** Inside it: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

/** Addresses that anyone on the internet could reach, so that reaching them for someone gives nothing away. */
export function createPublicAddresses(): Networks {
  const special = createNetworks([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
  const global = createNetworks(GLOBAL_IPV6);
  return {
    has(address) {
      const plain = plainAddress(address);
      if (isIP(plain) === 4) return !special.has(plain);
      return isIP(plain) === 6 && global.has(plain) && !special.has(plain);
    },
  };
}
