import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';

const NUMBER = '+15551230001';

let gateway: Server;
let origin: string;
let asked: string[];
/** What the gateway answers to a message. */
let status: number;
let node: AccountNode;

beforeEach(async () => {
  [asked, status] = [[], 202];
  gateway = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume();
    const isMoved = status === 307;
    response.writeHead(status, isMoved ? { location: `${origin}/elsewhere` } : {}).end();
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await node.close();
  gateway.closeAllConnections();
  gateway.close();
});

/** Has a node send a message; `allow`: what it may reach beside the public. */
async function send(allow: readonly string[]): Promise<void> {
  node = await openAccountNode({
    http: { outbound: { allow } },
    sms: { gateway: { url: `${origin}/messages` } },
  });
  const rooms = await node.openRooms();
  await rooms.sms.send({
    to: NUMBER,
    text: 'Your code is 481516.',
    code: '481516',
    purpose: 'sign-in',
    origin: { address: '198.51.100.1' },
  });
  await rooms.close();
}

function told(): readonly unknown[] {
  return node.log
    .map(({ fields }) => fields)
    .filter(({ event, letter }) => letter === 'text-message' && event !== 'mail.not_announced')
    .map(({ event, code }) => ({ event, code }));
}

test('a gateway with a private address is called where it is allowed', async () => {
  await send(['127.0.0.1']);
  await expect.poll(told).toContainEqual({ event: 'mail.sent', code: undefined });
  expect(asked).toEqual(['/messages']);
});

test('a gateway with a private address that is not allowed is never called (SSRF)', async () => {
  await send([]);
  await expect.poll(told).toContainEqual({ event: 'mail.postponed', code: 'ERR_OUTBOUND_REFUSED' });
  expect(asked).toEqual([]);
});

test('a gateway that sends a message elsewhere is not followed (SSRF)', async () => {
  status = 307;
  await send(['127.0.0.1']);
  await expect.poll(told).toContainEqual(expect.objectContaining({ event: 'mail.postponed' }));
  expect(new Set(asked)).toEqual(new Set(['/messages']));
});
