import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';
import { rounds } from '../../support/counts.ts';

const ROUNDS = rounds(40, 600);
/** Of the medians; a test machine that does other things, too, is given more. */
const TOLERANCE = rounds(25, 5) / 100;
/** What a median may differ by at any rate, in milliseconds: less than that is noise. */
const NOISE_MS = 0.5;
const ATTEMPTS = 3;

/** Many, since letters to each are rationed. */
const KNOWN = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon'];

let node: AccountNode;
beforeAll(async () => {
  node = await openAccountNode({
    joining: {
      mode: 'open',
      proofOfWork: false,
      perAddress: 100_000,
      perMailbox: 100_000,
      overall: 100_000,
    },
    recovery: { perAddress: 100_000, perMailbox: 100_000, overall: 100_000 },
    factors: { emailCodes: { perPath: 100 } },
  });
});
afterAll(() => node.close());

/** Milliseconds of each kind, taken in turns, so that whatever else the machine does falls on both. */
async function inTurns(
  known: (round: number) => Promise<number>,
  unknown: (round: number) => Promise<number>,
): Promise<{ readonly known: number; readonly unknown: number }> {
  const [ofKnown, ofUnknown]: [number[], number[]] = [[], []];
  for (let round = -5; round < ROUNDS; round += 1) {
    const isFirst = round % 2 === 0;
    const one = isFirst ? await known(round) : await unknown(round);
    const other = isFirst ? await unknown(round) : await known(round);
    // The first few warm everything up.
    if (round < 0) continue;
    ofKnown.push(isFirst ? one : other);
    ofUnknown.push(isFirst ? other : one);
  }
  return { known: medianOf(ofKnown), unknown: medianOf(ofUnknown) };
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A difference that is there shows every time; one that the machine made does not. */
async function expectAlike(
  known: (round: number) => Promise<number>,
  unknown: (round: number) => Promise<number>,
): Promise<void> {
  const seen: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const times = await inTurns(known, unknown);
    const most = Math.max(NOISE_MS, TOLERANCE * Math.max(times.known, times.unknown));
    if (Math.abs(times.known - times.unknown) < most) return;
    seen.push(JSON.stringify(times));
  }
  expect.fail(seen.join(' '));
}

test('how long the answer takes does not tell whether there is somebody to recover', async () => {
  const visitor = node.visitor();
  const page = await visitor.get('/recover');
  const ask = (login: string): Promise<number> =>
    timed(() => visitor.send('/recover', { login, action: 'continue' }, page));
  await expectAlike(
    (round) => ask(`${KNOWN.at(round % KNOWN.length)}@example.com`),
    (round) => ask(`nobody${round % KNOWN.length}@example.com`),
  );
});

test('how long the answer takes does not tell whether an address is taken', async () => {
  const visitor = node.visitor();
  const first = await visitor.get('/join');
  const ask = async (email: string): Promise<number> => {
    await visitor.send(first.url.href, { action: 'other' }, first);
    return await timed(() => visitor.send(first.url.href, { email, action: 'continue' }, first));
  };
  await expectAlike(
    (round) => ask(`${KNOWN.at(round % KNOWN.length)}@example.com`),
    (round) => ask(`nobody${round % KNOWN.length}@example.com`),
  );
});
