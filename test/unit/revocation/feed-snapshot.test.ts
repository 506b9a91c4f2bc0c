import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createSnapshots } from '../../../src/revocation/feed-snapshot.ts';
import type { FeedSource } from '../../../src/revocation/feed-source.ts';
import { createHandleTable, type Revocable } from '../../../src/revocation/handle-table.ts';
import { eachEntry, type SnapshotMessage } from '../../../verifier/src/feed-messages.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const YEAR = 365 * 86_400;
const STEP_SECONDS = 16;
const NOW = createFakeClock().now();

function sourceOf(handles: readonly Revocable[], forgetsBefore: number): FeedSource {
  const table = createHandleTable();
  for (const one of handles) table.set(one);
  return {
    position: () => ({ id: '1-a', generation: 1, offset: 0, number: handles.length }),
    isFresh: () => true,
    refresh: () => Promise.resolve(),
    entriesAfter: () => [],
    entry: () => undefined,
    size: table.size,
    handles: () => table.copy(),
    forgetsBefore: () => forgetsBefore,
    before: () => 0,
    onMoved: () => () => undefined,
  };
}

function handle(number: number, tellUntil: number): Revocable {
  return { high: number, low: number, number, expiresAt: tellUntil + YEAR, tellUntil };
}

/** The entries that a verifier reads in the snapshot of a node whose clock says `now`. */
async function told(
  source: FeedSource,
  now: number,
): Promise<readonly { number: number; until: number }[]> {
  const sign = (payload: object): Promise<string> => Promise.resolve(JSON.stringify(payload));
  const clock = createFakeClock(now);
  const snapshots = createSnapshots({ source, sign, issuer: 'https://id.example', clock });
  const body = gunzipSync((await snapshots.take()) ?? '').toString();
  const { iat, entries, ...rest } = JSON.parse(body) as { iat: number; entries: string };
  const message = { ...rest, issuedAt: iat, entries: Buffer.from(entries, 'base64url') };
  const found: { number: number; until: number }[] = [];
  eachEntry(message as unknown as SnapshotMessage, (_digest, number, until) => {
    found.push({ number, until });
  });
  return found;
}

describe('a snapshot', () => {
  test('has what a token may match still, until that is dead', async () => {
    const source = sourceOf([handle(1, NOW - 1), handle(2, NOW + 900)], NOW);
    const [only, ...others] = await told(source, NOW);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ number: 2 });
    expect(only?.until).toBeGreaterThanOrEqual(NOW + 900);
    expect(only?.until).toBeLessThan(NOW + 900 + STEP_SECONDS);
  });

  test('of a node whose clock is a year ahead has it as well', async () => {
    const source = sourceOf([handle(1, NOW - 1), handle(2, NOW + 900)], NOW);
    const [only, ...others] = await told(source, NOW + YEAR);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ number: 2 });
    expect(only?.until).toBeGreaterThanOrEqual(NOW + 900);
  });
});
