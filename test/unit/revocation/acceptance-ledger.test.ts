import { expect, test } from 'vitest';
import {
  createAcceptanceLedger,
  type AcceptanceLedger,
} from '../../support/revocation/acceptance-ledger.ts';

/** Shows `token` to `api` from `beganMs` for two milliseconds. */
function shown(ledger: AcceptanceLedger, api: string, beganMs: number, status: number): void {
  ledger.present({ token: 'token', api, beganMs, endedMs: beganMs + 2, status });
}

test('an acceptance after a refusal by the same API is found', () => {
  const ledger = createAcceptanceLedger();
  ledger.revoked(['token'], 10);
  shown(ledger, 'a', 11, 401);
  shown(ledger, 'a', 14, 200);
  expect(ledger.violations(1000)).toMatchObject([{ api: 'a', why: 'after a refusal' }]);
});

test('an acceptance when the time is up is found', () => {
  const ledger = createAcceptanceLedger();
  ledger.revoked(['token'], 10);
  shown(ledger, 'a', 1009, 200);
  expect(ledger.violations(1000)).toEqual([]);
  shown(ledger, 'a', 1011, 200);
  expect(ledger.violations(1000)).toMatchObject([{ api: 'a', why: 'too late' }]);
});

test('what is no violation: before, in time, at another API, under way, of a good token', () => {
  const ledger = createAcceptanceLedger();
  shown(ledger, 'a', 0, 200);
  ledger.revoked(['token'], 10);
  shown(ledger, 'a', 11, 401);
  shown(ledger, 'b', 500, 200);
  shown(ledger, 'a', 12, 200);
  ledger.present({ token: 'good', api: 'a', beganMs: 5000, endedMs: 5001, status: 200 });
  expect(ledger.violations(1000)).toEqual([]);
  expect(ledger.refusals()).toEqual([{ revokedMs: 10, refusedMs: 13 }]);
});
