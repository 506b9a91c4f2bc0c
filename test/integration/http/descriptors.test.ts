import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { sendRaw } from '../../support/raw-http.ts';

const SCRIPT = fileURLToPath(new URL('../../support/host-process.ts', import.meta.url));
let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

async function startWithDescriptors(limit: number): Promise<number> {
  child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "${process.execPath}" "${SCRIPT}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output to read the port from');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line.toString('utf8'));
}

async function flood(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => socket.destroy());
  await Promise.all(
    sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
  );
  return sockets;
}

test('a node that has run out of file descriptors serves again as soon as it has some', async () => {
  const port = await startWithDescriptors(64);
  // Over a connection of its own: one that was kept would still be served.
  const ask = (quietMs?: number): Promise<string> =>
    sendRaw(port, 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', quietMs);
  const answered = /^HTTP\/1.1 200/;
  expect(await ask()).toMatch(answered);

  const sockets = await flood(port, 300);
  expect(await ask(500)).toBe('');
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => ask(5000)).toMatch(answered);
  expect(child?.exitCode).toBeNull();
});
