import { expect, test } from 'vitest';
import { faultOf } from '../../../src/http/fault.ts';
import { RecordsUnavailable } from '../../../src/storage/records.ts';
import { StateFull, StateUnavailable } from '../../../src/storage/state.ts';
import { BadForm, FormTooLarge } from '../../../src/http/form.ts';
import { CrossSite } from '../../../src/http/same-origin.ts';

test.each([new StateUnavailable('x'), new StateFull('x'), new RecordsUnavailable('x')])(
  'a store that cannot answer is a 503 that says when to come back',
  (error) => {
    expect(faultOf(error)).toEqual({ kind: 'unavailable', status: 503, retryAfterSeconds: 2 });
  },
);

test('a foreseen fault is recognised inside what a library made of it', () => {
  const wrapped = new Error('server_error', { cause: new StateUnavailable('x') });
  expect(faultOf(wrapped).status).toBe(503);
});

test('what a client got wrong is told as such', () => {
  expect(faultOf(new FormTooLarge('x')).status).toBe(413);
  expect(faultOf(new BadForm('x')).status).toBe(400);
  expect(faultOf(new CrossSite('x')).status).toBe(403);
  expect(faultOf(Object.assign(new Error('x'), { status: 400 })).status).toBe(400);
});

test('what nobody foresaw is ours', () => {
  for (const error of [new Error('x'), new TypeError('y'), 'text', undefined, { status: 404 }])
    expect(faultOf(error)).toEqual({ kind: 'internal', status: 500 });
});
