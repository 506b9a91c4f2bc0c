import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/audit.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import { cutOldEvents } from '../../../src/audit/retention.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import { RecordsUnavailable, type Records } from '../../../src/storage/records.ts';
import { rounds } from '../../support/counts.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { logger, openLedger, type Ledger } from './fixture.ts';

const origin = { address: '192.0.2.7', userAgent: 'test', requestId: 'r-1' };
const signedIn = (accountId: string): AuditEvent => ({
  type: 'sign_in.succeeded',
  origin,
  accountId,
  amr: ['pwd'],
});
const issued = (jti: string): AuditEvent => ({
  type: 'token.issued',
  origin,
  clientId: 'web',
  grantType: 'refresh_token',
  kind: 'AccessToken',
  jti,
});

function countEvents(records: Records): Promise<number> {
  return records
    .first(records.queries.selectFrom('audit').select(({ fn }) => fn.countAll<number>().as('n')))
    .then((row) => row?.n ?? 0);
}

async function write(ledger: Ledger, count: number, node = 'one'): Promise<void> {
  const audit = ledger.audit(node);
  for (let index = 0; index < count; index += 1) await audit.record(signedIn(`person-${index}`));
}

describe('the audit', () => {
  test('holds an event once record has resolved', async () => {
    const { records, audit, clock } = await openLedger();
    await audit('one').record(signedIn('alice'));
    expect(await listAudit(records, { limit: 9 })).toEqual([
      {
        node: 'one',
        number: 1,
        at: clock.now(),
        event: { type: 'sign_in.succeeded', origin, accountId: 'alice', amr: ['pwd'] },
      },
    ]);
  });

  test('writes what was noted within the flush interval, and not before', async () => {
    const { records, audit, clock } = await openLedger();
    const one = audit('one', { flushEvery: '2s' });
    one.note(issued('a'));
    one.note(issued('b'));
    clock.advance(1.9);
    expect(await countEvents(records)).toBe(0);
    clock.advance(0.1);
    await expect.poll(() => countEvents(records)).toBe(2);
  });

  test('writes what was noted before an event that is waited for, in the order they happened', async () => {
    const { records, audit } = await openLedger();
    const one = audit('one');
    one.note(issued('a'));
    await one.record(signedIn('alice'));
    const types = (await listAudit(records, { limit: 9 })).map(({ event }) => event);
    expect(types).toMatchObject([{ type: 'sign_in.succeeded' }, { type: 'token.issued' }]);
  });

  test('leaves nothing behind when it is closed', async () => {
    const { records, audit } = await openLedger();
    const one = audit('one');
    one.note(issued('a'));
    await one.close();
    expect(await countEvents(records)).toBe(1);
  });

  test('keeps one whole chain when many record at once', async () => {
    const { records, audit } = await openLedger();
    const one = audit('one');
    const count = rounds(2000, 20_000);
    await Promise.all(
      Array.from({ length: count }, (_, index) => one.record(signedIn(`${index}`))),
    );
    const report = await verifyAudit(records);
    expect(report).toMatchObject({ ok: true, chains: [{ first: 1, last: count }] });
  });

  test('continues its chain after a restart', async () => {
    const ledger = await openLedger();
    await write(ledger, 3);
    await write(ledger, 3);
    expect(await verifyAudit(ledger.records)).toMatchObject({
      ok: true,
      chains: [{ node: 'one', last: 6 }],
    });
  });

  test('two processes of one name share a chain without a fork and lose nothing', async () => {
    const { records, audit } = await openLedger();
    const writers = [audit('same'), audit('same'), audit('same')];
    const count = rounds(40, 400);
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let n = 0; n < count; n += 1) await writer.record(signedIn(`${index}-${n}`));
      }),
    );
    const report = await verifyAudit(records);
    expect(report.problems).toEqual([]);
    const accounts = (await listAudit(records, { limit: 9999 })).map(({ event }) =>
      JSON.stringify(event),
    );
    expect(accounts).toHaveLength(3 * count);
    expect(new Set(accounts).size).toBe(3 * count);
  });

  test('keeps what a stranger typed short and without a character that acts', async () => {
    const { records, audit } = await openLedger();
    const login = `\u001b[2J\u202e${'x'.repeat(10_000)}\u0000`;
    await audit('one').record({
      type: 'sign_in.failed',
      origin,
      reason: 'credentials',
      login,
      clientId: 'a\u0000b',
    });
    const row = await records.first(records.queries.selectFrom('audit').selectAll());
    expect(row?.event.length).toBeLessThan(1000);
    expect(row?.event).toContain(String.raw`\u001b[2J\u202e`);
    expect(row?.client_id).toBe(String.raw`a\u0000b`);
    expect(await listAudit(records, { clientId: 'a\u0000b', limit: 9 })).toHaveLength(1);
    expect((await verifyAudit(records)).ok).toBe(true);
  });
});

/** Records that do not answer while `isDown`, or answer only after the write was done while `isMute`. */
function faulty(records: Records): Records & { isDown: boolean; isMute: boolean } {
  const stopped = (): Promise<never> => Promise.reject(new RecordsUnavailable('cut'));
  const cut: Records & { isDown: boolean; isMute: boolean } = {
    ...records,
    isDown: false,
    isMute: false,
    first: (query) => (cut.isDown ? stopped() : records.first(query)),
    all: (query) => (cut.isDown ? stopped() : records.all(query)),
    async write(...statements) {
      if (cut.isDown) return stopped();
      const written = await records.write(...statements);
      return cut.isMute ? stopped() : written;
    },
  };
  return cut;
}

describe('an audit whose records do not answer', () => {
  async function openFaulty(settings: Parameters<typeof auditConfig.parse>[0] = {}) {
    const { records } = await openLedger();
    const clock = createFakeClock();
    const cut = faulty(records);
    const options = { records: cut, clock, logger, node: 'one' };
    return {
      records,
      cut,
      clock,
      audit: createAudit({ ...options, settings: auditConfig.parse(settings) }),
    };
  }

  test('tells whoever waits and holds what was noted', async () => {
    const { records, cut, audit, clock } = await openFaulty();
    cut.isDown = true;
    audit.note(issued('a'));
    await expect(audit.record(signedIn('alice'))).rejects.toThrow(RecordsUnavailable);
    cut.isDown = false;
    clock.advance(1);
    await expect.poll(() => countEvents(records)).toBe(1);
    expect(await listAudit(records, { limit: 1 })).toMatchObject([{ event: { jti: 'a' } }]);
    await audit.close();
  });

  test('puts on the record how many events were lost', async () => {
    const { records, cut, audit } = await openFaulty({ queueMax: 100 });
    cut.isDown = true;
    for (let n = 0; n < 130; n += 1) audit.note(issued(`${n}`));
    cut.isDown = false;
    await audit.close();
    expect(await countEvents(records)).toBe(101);
    expect(await listAudit(records, { type: 'audit.lost', limit: 9 })).toMatchObject([
      { event: { events: 30 } },
    ]);
  });

  test('does not write an event twice when only the answer was lost', async () => {
    const { records, cut, audit } = await openFaulty();
    cut.isMute = true;
    await audit.record(signedIn('alice'));
    cut.isMute = false;
    await audit.record(signedIn('bob'));
    expect(await verifyAudit(records)).toMatchObject({ ok: true, chains: [{ last: 2 }] });
    await audit.close();
  });
});

describe('verification', () => {
  async function damaged(damage: (records: Records) => Promise<unknown>) {
    const ledger = await openLedger();
    await write(ledger, 6);
    await damage(ledger.records);
    return verifyAudit(ledger.records);
  }

  const at = (number: number) => (records: Records) =>
    records.queries.deleteFrom('audit').where('number', '=', number);

  test('finds nothing wrong with what nobody touched', async () => {
    const report = await damaged(() => Promise.resolve());
    expect(report).toMatchObject({ ok: true, problems: [], chains: [{ first: 1, last: 6 }] });
  });

  test.each([
    ['event', { event: '{"type":"sign_out"}' }],
    ['event', { event: 'not json' }],
    ['at', { at: 5 }],
    ['type', { type: 'sign_out' }],
    ['account_id', { account_id: 'mallory' }],
    ['client_id', { client_id: 'web' }],
    ['hash', { hash: 'x' }],
  ])('finds an edit of %s', async (_, change) => {
    const report = await damaged((records) =>
      records.write(records.queries.updateTable('audit').set(change).where('number', '=', 3)),
    );
    expect(report.problems).toContainEqual({ node: 'one', number: 3, kind: 'edited' });
  });

  test('finds a hole', async () => {
    const report = await damaged((records) => records.write(at(3)(records)));
    expect(report.problems).toEqual([{ node: 'one', number: 4, kind: 'missing' }]);
  });

  test('finds that the oldest events are gone without a cut that says so', async () => {
    const report = await damaged((records) => records.write(at(1)(records)));
    expect(report.problems).toEqual([{ node: 'one', number: 2, kind: 'missing' }]);
  });

  test('finds that the newest events were cut away', async () => {
    const report = await damaged((records) => records.write(at(6)(records), at(5)(records)));
    expect(report.problems).toEqual([{ node: 'one', number: 6, kind: 'truncated' }]);
  });

  test('finds that all events were cut away', async () => {
    const report = await damaged((records) => records.write(records.queries.deleteFrom('audit')));
    expect(report.problems).toEqual([{ node: 'one', number: 6, kind: 'truncated' }]);
  });

  test('finds that the kept head is gone', async () => {
    const report = await damaged((records) =>
      records.write(
        records.queries.deleteFrom('installation').where('name', '=', 'audit.head:one'),
      ),
    );
    expect(report.problems).toEqual([{ node: 'one', number: 6, kind: 'head' }]);
  });

  test('finds a tail that was cut away even when the node went on', async () => {
    const ledger = await openLedger();
    await write(ledger, 6);
    await ledger.records.write(at(6)(ledger.records));
    await write(ledger, 1);
    const { problems } = await verifyAudit(ledger.records);
    expect(problems).toEqual([{ node: 'one', number: 7, kind: 'missing' }]);
  });

  test('finds nothing wrong while nodes write', async () => {
    const { records, audit } = await openLedger();
    const writers = [audit('one'), audit('two')];
    const writing = Promise.all(
      writers.map(async (writer) => {
        for (let n = 0; n < rounds(200, 2000); n += 1) await writer.record(signedIn(`${n}`));
        return 'done';
      }),
    );
    let looks = 0;
    // A turn of the event loop in between: embedded reads answer within one.
    while ((await Promise.race([writing, nextTurn('writing')])) === 'writing') {
      expect((await verifyAudit(records)).problems).toEqual([]);
      looks += 1;
    }
    expect(looks).toBeGreaterThan(0);
  });
});

describe('retention', () => {
  const DAY = 86_400;

  test('takes away what is old, and the rest can be verified', async () => {
    const ledger = await openLedger();
    await write(ledger, 5);
    ledger.clock.advance(10 * DAY);
    await write(ledger, 2);
    await cutOldEvents(ledger.records, { now: ledger.clock.now(), keepForSeconds: 7 * DAY });
    const report = await verifyAudit(ledger.records);
    expect(report).toMatchObject({ ok: true, chains: [{ first: 6, last: 8 }] });
    expect(await listAudit(ledger.records, { type: 'audit.cut', limit: 9 })).toMatchObject([
      { number: 8, event: { upTo: 5 } },
    ]);
  });

  test('leaves of a chain that nobody continues the event that tells of its cut', async () => {
    const ledger = await openLedger();
    await write(ledger, 3, 'gone');
    for (let n = 0; n < 3; n += 1) {
      ledger.clock.advance(10 * DAY);
      await cutOldEvents(ledger.records, { now: ledger.clock.now(), keepForSeconds: 7 * DAY });
    }
    const report = await verifyAudit(ledger.records);
    expect(report).toMatchObject({ ok: true, chains: [{ node: 'gone', first: 4, last: 4 }] });
  });

  test('does not hide that more was taken away than the cut says', async () => {
    const ledger = await openLedger();
    await write(ledger, 5);
    ledger.clock.advance(10 * DAY);
    await write(ledger, 2);
    await cutOldEvents(ledger.records, { now: ledger.clock.now(), keepForSeconds: 7 * DAY });
    const { queries } = ledger.records;
    await ledger.records.write(queries.deleteFrom('audit').where('number', '=', 6));
    const { problems } = await verifyAudit(ledger.records);
    expect(problems).toEqual([{ node: 'one', number: 7, kind: 'missing' }]);
  });

  test('runs by itself every hour, on nodes that cut at the same time', async () => {
    const ledger = await openLedger();
    await write(ledger, 3);
    ledger.audit('two', { keepFor: '1d' });
    ledger.audit('three', { keepFor: '1d' });
    ledger.clock.advance(2 * DAY);
    await expect
      .poll(async () => (await verifyAudit(ledger.records)).chains)
      .toMatchObject([{ node: 'one', first: 4, last: 4 }]);
    expect((await verifyAudit(ledger.records)).problems).toEqual([]);
  });
});

describe('reading', () => {
  test('narrows by account, client, type and time, newest first', async () => {
    const { records, audit, clock } = await openLedger();
    const one = audit('one');
    await one.record(signedIn('alice'));
    clock.advance(10);
    await one.record(signedIn('bob'));
    one.note(issued('a'));
    await one.flush();
    const numbers = async (filters: object) =>
      (await listAudit(records, { limit: 9, ...filters })).map(({ number }) => number);
    expect(await numbers({})).toEqual([3, 2, 1]);
    expect(await numbers({ accountId: 'alice' })).toEqual([1]);
    expect(await numbers({ clientId: 'web' })).toEqual([3]);
    expect(await numbers({ type: 'sign_in.succeeded' })).toEqual([2, 1]);
    expect(await numbers({ since: clock.now() })).toEqual([3, 2]);
    expect(await numbers({ limit: 1 })).toEqual([3]);
  });
});
