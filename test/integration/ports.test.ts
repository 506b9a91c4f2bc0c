import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { belowKernels, freePort, type PortRange } from '../support/ports.ts';

const PORTS = new URL('../support/ports.ts', import.meta.url).href;

/** What another process gets that asks for so many, and ends. */
async function portsOfAnother(count: number, range: PortRange): Promise<readonly number[]> {
  const program = `
    const { freePort } = await import(${JSON.stringify(PORTS)});
    const asked = Array.from({ length: ${count} }, () => freePort(${JSON.stringify(range)}));
    process.stdout.write(JSON.stringify(await Promise.all(asked)));`;
  const words = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as readonly number[];
}

test.each([
  ['32768\t60999\n', 32_768],
  ['16000\t65535\n', 16_000],
  ['1024\t65535\n', 32_768],
])('where the kernel gives the ports %j, those of tests end at %i', (kernels, end) => {
  expect(belowKernels(kernels)).toEqual({ first: 10_100, end });
});

test('a port of a test is none that the kernel gives', async () => {
  const { first, end } = belowKernels();
  const port = await freePort();
  expect(port >= first && port < end).toBe(true);
});

test('no two processes that live have the same port; what one had is free once it has ended', async () => {
  // Two of these three have room in it beside the ports of other tests, three have not.
  const count = 150;
  const first = belowKernels().end - count;
  const range = { first, end: first + count };
  const own = await Promise.all(Array.from({ length: 50 }, () => freePort(range)));
  const [one, other] = [await portsOfAnother(60, range), await portsOfAnother(60, range)];
  expect(new Set(own).size).toBe(own.length);
  expect([...one, ...other].filter((port) => own.includes(port))).toEqual([]);
});

test.each(['127.0.0.1', '0.0.0.0'])(
  "a port that somebody listens on at %s is nobody else's",
  async (host) => {
    const port = await listenAt(host);
    await expect(freePort({ first: port, end: port + 1 })).rejects.toThrow(/no port from/);
  },
);

/** The port that the kernel gives to somebody who listens until the test ends. */
async function listenAt(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
