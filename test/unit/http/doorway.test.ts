import type { IncomingMessage, ServerResponse } from 'node:http';
import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createDoorway } from '../../../src/http/doorway.ts';

type Exchange = readonly [IncomingMessage, ServerResponse & { end(): void; isCut: boolean }];

function request(url: string): Exchange {
  const response = Object.assign(new EventEmitter(), {
    isCut: false,
    end: () => response.emit('close'),
    destroy() {
      response.isCut = true;
      response.emit('close');
    },
  });
  return [{ url }, response] as unknown as Exchange;
}

test('requests go where it leads, and wait while it leads nowhere', () => {
  const seen: (string | undefined)[] = [];
  const doorway = createDoorway(undefined);
  doorway.handle(...request('/early'));
  doorway.leadTo(({ url }) => void seen.push(url));
  doorway.handle(...request('/next'));
  expect(seen).toEqual(['/early', '/next']);
});

test('is held when those under way have ended, whoever gave the order', async () => {
  const seen: (string | undefined)[] = [];
  const doorway = createDoorway(new Set(['/order']));
  const [first, order, late] = [request('/first'), request('/order'), request('/late')];
  doorway.leadTo(({ url }) => void seen.push(url));
  for (const each of [first, order]) doorway.handle(...each);
  let isHeld = false;
  const held = doorway.hold(5000).then(() => (isHeld = true));
  doorway.handle(...late);
  await delay(10);
  expect(isHeld).toBe(false);
  first[1].end();
  await held;
  expect(seen).toEqual(['/first', '/order']);
  doorway.leadTo(({ url }) => void seen.push(`${url} of the next`));
  expect(seen).toEqual(['/first', '/order', '/late of the next']);
});

test('what takes too long is cut off', async () => {
  const doorway = createDoorway(new Set());
  const slow = request('/slow');
  doorway.leadTo(() => undefined);
  doorway.handle(...slow);
  await doorway.hold(5);
  expect(slow[1].isCut).toBe(true);
});
