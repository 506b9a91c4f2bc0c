import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createRequestScopes } from '../../../src/provider/request-scope.ts';
import { createUndelivered } from '../../../src/provider/store/undelivered.ts';
import { StateUnavailable, type Entry } from '../../../src/storage/state.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const KEY = 'RefreshToken:1';

test('what was written for an answer that never left is taken back before anybody reads it', async () => {
  let isAway = true;
  const restored: Entry[] = [];
  const clock = createFakeClock(); // Nobody moves it: the next try by itself never comes.
  const scopes = createRequestScopes({ clock, node: 'here' });
  const undelivered = createUndelivered({
    state: {
      refresh: async () => {
        if (isAway) throw new StateUnavailable('the test pulled the plug');
        return { value: 'next', version: '2' };
      },
    },
    scopes,
    clock,
    signal: new AbortController().signal,
  });
  const request = new IncomingMessage(new Socket());
  const scope = scopes.open(request, { address: '127.0.0.1' });
  await scopes.within(request, () =>
    undelivered.guard(
      {
        key: KEY,
        isOurs: ({ value }) => value === 'next',
        restore: async (entry) => {
          restored.push(entry);
          return '3';
        },
      },
      async () => '2',
    ),
  );
  scope.failure = new StateUnavailable('the test pulled the plug');
  for (const act of scope.beforeAnswer) act(scopes.answerNow());

  await expect(undelivered.settle(KEY)).rejects.toThrow(StateUnavailable);
  isAway = false;
  await undelivered.settle('RefreshToken:2');
  expect(restored).toEqual([]);
  await undelivered.settle(KEY);
  expect(restored).toEqual([{ value: 'next', version: '2' }]);
  await undelivered.settle(KEY);
  expect(restored).toHaveLength(1);
});
