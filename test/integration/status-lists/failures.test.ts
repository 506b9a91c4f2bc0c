import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ledgerValue,
  readLedgerEntry,
  type LedgerEntry,
} from '../../../src/status-lists/ledger-entry.ts';
import { ledgerKeys } from '../../../src/status-lists/ledger-keys.ts';
import { trimLedger } from '../../../src/status-lists/trim-ledger.ts';
import { StateUnavailable, type State } from '../../../src/storage/state.ts';
import { details, openEmbeddedSite, type Site } from '../revocation/fixture.ts';
import {
  createShiftedClock,
  createTestKey,
  ISSUER,
  openListNode,
  readList,
  until,
  untilStatus,
  type Issued,
  type ListNode,
  type ShiftedClock,
  type TestKey,
} from './fixture.ts';

const LEDGER = 'test:status-lists:ledger';

let key: TestKey;
let site: Site;
let clock: ShiftedClock;
let node: ListNode;
/** What of the state does not answer the lists of `node`. */
let broken: ReadonlySet<string>;

beforeAll(async () => {
  key = await createTestKey();
});
beforeEach(async () => {
  broken = new Set();
  clock = createShiftedClock();
  site = await openEmbeddedSite(clock);
  node = await openListNode(site, { key, clock, wrap: breakable });
});
afterEach(async () => {
  broken = new Set();
  await node.close();
  await site.close();
});

function breakable(state: State): State {
  const refuse = async (name: string): Promise<void> => {
    if (broken.has(name)) throw new StateUnavailable('broken by the test');
  };
  return {
    ...state,
    get: (...args) => refuse('get').then(() => state.get(...args)),
    swap: (...args) => refuse('swap').then(() => state.swap(...args)),
    append: (...args) => refuse('append').then(() => state.append(...args)),
    readLog: (...args) => refuse('readLog').then(() => state.readLog(...args)),
  };
}

function hasRows({ rows }: LedgerEntry): boolean {
  return rows.length > 0;
}

async function answer(token: Issued): Promise<number> {
  const response = await fetch(token.status.uri.replace(ISSUER, node.url));
  return response.status;
}

describe('when the state cannot be read', () => {
  test('a list is not extended past its exp, and is back when the state is', async () => {
    const token = await node.issue({});
    await untilStatus(node, token, 0);
    broken = new Set(['get', 'swap', 'append', 'readLog']);
    clock.shift(200);
    expect(await answer(token)).toBe(200);
    clock.shift(200);
    await until(async () => (await answer(token)) === 503);
    broken = new Set();
    await untilStatus(node, token, 0);
  });

  test('nothing is given out any more that others may have taken for lost', async () => {
    await node.issue({});
    broken = new Set(['get', 'swap', 'append', 'readLog']);
    await node.issue({});
    clock.shift(16);
    await expect(node.issue({})).rejects.toThrow(StateUnavailable);
    broken = new Set();
    const token = await node.issue({});
    await untilStatus(node, token, 0);
  });

  test('what could not be told is told later', async () => {
    broken = new Set(['append']);
    const token = await node.issue({ accountId: 'alice' });
    const other = await openListNode(site, { key, clock });
    await other.revocation.revoke({ kind: 'account', accountId: 'alice' }, details);
    await untilStatus(node, token, 1);
    expect(await other.status(token).catch(() => 'unknown')).not.toBe(1);
    broken = new Set();
    await untilStatus(other, token, 1);
    await other.close();
  });
});

describe('when a node falls silent', () => {
  test('what it may have given out is refused, until it speaks again', async () => {
    const other = await openListNode(site, { key, clock });
    const token = await node.issue({});
    await until(() => node.lists.metrics().untold === 0);
    broken = new Set(['append']);
    const untold = await node.issue({});
    clock.shift(91);
    await untilStatus(other, untold, 1);
    expect(await other.status(token)).toBe(0);
    broken = new Set();
    await untilStatus(other, untold, 0);
    await other.close();
  });

  test('a pause of its own lets a node take no other for dead', async () => {
    let reads = 0;
    const counting = (state: State): State => ({
      ...state,
      readLog: (...args) => state.readLog(...args).finally(() => (reads += 1)),
    });
    const other = await openListNode(site, { key, clock, wrap: counting });
    await until(() => other.lists.shown() !== undefined);
    broken = new Set(['append']);
    const untold = await node.issue({});
    await untilStatus(other, untold, 0);
    const found = new Set<number>();
    const look = async (): Promise<void> => void found.add(await other.status(untold));
    // The machine slept, as far as both can tell; the node speaks a little later than the other listens.
    clock.shift(91);
    const before = reads;
    await until(() => look().then(() => reads > before + 1));
    broken = new Set();
    const spokenMs = performance.now();
    await until(() => look().then(() => node.lists.metrics().untold === 0));
    // Until it would take a silent node for dead again.
    await until(() => look().then(() => performance.now() - spokenMs > 3500));
    expect([...found]).toEqual([0]);
    await other.close();
  });

  test('it does not hold up what is said to be shown', async ({ signal }) => {
    const other = await openListNode(site, { key, clock });
    await until(() => other.lists.shown() !== undefined);
    broken = new Set(['append', 'readLog']);
    const { number } = await other.revocation.revoke({ kind: 'before' }, details);
    clock.shift(91);
    await other.lists.whenShown(number, signal);
    await other.close();
  });
});

describe('when the ledger loses its newest entries', () => {
  test('a gap in what a node tells makes the rest of its indices invalid', async () => {
    const other = await openListNode(site, { key, clock });
    const told = await node.issue({});
    await until(() => node.lists.metrics().untold === 0);
    const { uri } = told.status;
    const invalid = async (): Promise<number> => {
      const bytes = await readList(other.url, uri, { key, clock });
      return [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    };
    await until(async () => (await invalid().catch(() => -1)) === 0);
    // As after a fail-over that lost what was told last: the next that arrives has a later number.
    const { entries } = await other.state.readLog(LEDGER, 0, 1000);
    // The other tells of the same list, without rows.
    const teller = entries.map(({ value }) => readLedgerEntry(value)).find(hasRows);
    if (teller === undefined) throw new TypeError('the token was not told of');
    await other.state.append(LEDGER, [ledgerValue({ ...teller, order: teller.order + 1000 })]);
    await until(async () => (await invalid()) > 0);
    expect(await invalid()).toBeGreaterThan(200);
    expect(await other.status(told)).toBe(0);
    await other.close();
  });
});

describe('the ledger', () => {
  test('lists end with the longest token that they hold', async () => {
    const token = await node.issue({});
    await untilStatus(node, token, 0);
    clock.shift(3601);
    const next = await node.issue({});
    await untilStatus(node, next, 0);
    expect(next.status.uri).not.toBe(token.status.uri);
    await until(async () => (await answer(token)) === 404);
  });

  test('what nothing lives of is forgotten, and what follows is not', async () => {
    await node.issue({});
    await until(() => node.lists.metrics().untold === 0);
    const keys = ledgerKeys('test');
    const { first } = await node.state.readLog(LEDGER, 0, 1);
    await trimLedger({ state: node.state, keys, clock, tolerance: 60 });
    expect((await node.state.readLog(LEDGER, 0, 1)).first).toBe(first);
    clock.shift(4000);
    const token = await node.issue({});
    await until(() => node.lists.metrics().untold === 0);
    await node.state.delete(keys.trim);
    await trimLedger({ state: node.state, keys, clock, tolerance: 60 });
    const { entries, first: kept } = await node.state.readLog(LEDGER, 0, 1000);
    expect(kept).toBeGreaterThan(first);
    expect(JSON.stringify(entries)).toContain(token.status.uri.split('/').at(-1));
  });
});
