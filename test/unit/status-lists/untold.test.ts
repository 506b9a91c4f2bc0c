import { expect, test } from 'vitest';
import { rowOf } from '../../../src/status-lists/row.ts';
import { createTokenList } from '../../../src/status-lists/token-list.ts';
import { createUntold } from '../../../src/status-lists/untold.ts';

const IDENTITY = { id: 'list', key: Buffer.alloc(16, 3).toString('base64url'), size: 1024 };
const TOKEN = { jti: 'a', clientId: 'web', mark: '1-abc.5', expiresAt: 1_800_000_900 };
const JUDGEMENT = { epoch: () => '1-abc', before: () => 0, numberOf: () => 0 };

test('a row is untold until what tells of it stands', () => {
  const list = createTokenList(IDENTITY, JUDGEMENT);
  const untold = createUntold();
  untold.add(list, rowOf(TOKEN, 0));
  const first = untold.take();
  untold.add(list, rowOf(TOKEN, 1));
  expect(untold.rows()).toBe(2);
  first.failed();
  expect(untold.rows()).toBe(2);
  const second = untold.take();
  expect(second.parts.flatMap(({ rows }) => rows.map(({ position }) => position))).toEqual([0, 1]);
  expect(untold.rows()).toBe(2);
  second.stands();
  expect(untold.rows()).toBe(0);
});
