import { BlockList, isIP } from 'node:net';

/** A set of addresses: of proxies that are believed, of hosts that may be reached. */
export interface Networks {
  has(address: string): boolean;
}

/** From addresses and CIDR networks; an IPv4 address written as an IPv6 one is what it is. */
export function createNetworks(networks: readonly string[]): Networks {
  const list = new BlockList();
  for (const network of networks) {
    const [text = '', prefix] = network.split('/');
    const address = plainAddress(text);
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return {
    has(address) {
      const plain = plainAddress(address);
      return isIP(plain) !== 0 && list.check(plain, familyOf(plain));
    },
  };
}

/** `::ffff:10.0.0.1`, as a socket open for both families gives it, is `10.0.0.1`. */
export function plainAddress(address: string): string {
  if (!address.startsWith('::')) return address;
  const inner = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.['v4'];
  return inner ?? address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
