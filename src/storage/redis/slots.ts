import { asList, asText } from './replies.ts';

/** How many slots a Cluster spreads over its masters. */
export const SLOTS = 16_384;

/** A run of slots that one master has. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
  /** `host:port`. */
  readonly node: string;
}

const POLYNOMIAL = 0x1021;
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc;
});

/**
 * The slot of an ASCII name without braces, in which Redis would look for the part to hash: CRC-16 (XMODEM)
 * as in the cluster specification, appendix A.
 */
export function slotOf(name: string): number {
  let crc = 0;
  for (let at = 0; at < name.length; at += 1) {
    crc = ((crc << 8) & 0xffff) ^ (CRC[(crc >> 8) ^ name.charCodeAt(at)] ?? 0);
  }
  return crc % SLOTS;
}

/** Reads what `CLUSTER SLOTS` told a connection to `asked`: a node that knows no name of its own leaves it out. */
export function readSlotRanges(answer: unknown, asked: string): readonly SlotRange[] {
  return asList(answer).flatMap((range) => {
    const [from, to, master] = asList(range);
    if (!master) return [];
    const [host, port] = asList(master);
    return [
      {
        from: Number(from),
        to: Number(to),
        node: `${host ? asText(host) : asked}:${Number(port)}`,
      },
    ];
  });
}

/** Splits `host:port` at its last colon: an IPv6 address has more, and stands in brackets or bare. */
export function addressOf(node: string): { readonly host: string; readonly port: number } {
  const colon = node.lastIndexOf(':');
  const host = node.slice(0, colon).replace(/^\[|\]$/gu, '');
  return { host, port: Number(node.slice(colon + 1)) };
}
