import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Above each that a browser or `fetch` refuses (the last is 10080), and each that this product has by default. */
const LOWEST = 10_100;
/** Fewer would not do for all the tests of a run. */
const ENOUGH = 2000;
/** Where the kernel says which ports it gives to whoever asks for any: the first of them, then the last. */
const KERNELS_OWN = '/proc/sys/net/ipv4/ip_local_port_range';
const USUAL = 32_768;

/** The ports from `first` to the one before `end`. */
export interface PortRange {
  readonly first: number;
  readonly end: number;
}

/**
 * A loopback port for a server whose issuer must be known before it listens, or that ends and comes back. From now
 * until this process ends nobody else has it: no other caller on this machine, and no connection of anybody, for the
 * kernel gives those ports of a range of its own.
 *
 * @throws {Error} when none is free.
 */
export async function freePort({ first, end }: PortRange = belowKernels()): Promise<number> {
  const count = end - first;
  const start = randomInt(count);
  for (let tried = 0; tried < count; tried += 1) {
    const port = first + ((start + tried) % count);
    if (await take(port)) return port;
  }
  throw new Error(`no port from ${first} to ${end - 1} is free`);
}

/** The first of two such ports that follow each other: workers of one node have those of metrics so. */
export async function freePair(): Promise<number> {
  const { first, end } = belowKernels();
  for (;;) {
    const port = await freePort({ first, end: end - 1 });
    if (await take(port + 1)) return port;
  }
}

async function take(port: number): Promise<boolean> {
  return (await claim(port)) && (await isFree(port));
}

/** Below the ports of `kernels`, as the kernel tells them. One that leaves too little there is taken for the usual. */
export function belowKernels(kernels = readKernelsOwn()): PortRange {
  const end = Number.parseInt(kernels, 10);
  return { first: LOWEST, end: end >= LOWEST + ENOUGH ? end : USUAL };
}

function readKernelsOwn(): string {
  try {
    return readFileSync(KERNELS_OWN, 'utf8');
  } catch {
    // Not Linux.
    return String(USUAL);
  }
}

/**
 * Whose UDP port it is, his is the TCP port of that number: nothing here speaks UDP, the kernel gives it to one process
 * alone, and takes it back when that process ends in whatever way. A file would outlive its owner.
 */
async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref();
  socket.bind({ port, address: '127.0.0.1', exclusive: true });
  return await once(socket, 'listening').then(
    () => true,
    () => {
      socket.close();
      return false;
    },
  );
}

/** Somebody who was here before, and knows nothing of claims, may have it at any of these. */
async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '::1', '0.0.0.0']) if (await isTaken(port, host)) return false;
  return true;
}

/** A machine may be without an address; it is then nobody's. */
async function isTaken(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening');
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  }
  server.close();
  await once(server, 'close');
  return false;
}
