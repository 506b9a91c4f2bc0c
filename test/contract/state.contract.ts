import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../src/runtime/json.ts';
import { StateUnavailable, type Entry, type State } from '../../src/storage/state.ts';
import { rounds } from '../support/counts.ts';
import { describeLifetimesContract } from './lifetimes.contract.ts';

/** What an engine lends to the contract. */
export interface StateEngine {
  /** A handle on the same state, as one more node would open it. */
  open(): Promise<State>;
  /** The time (NumericDate) by the clock that its handles were given. */
  now(): number;
  /** Lets `seconds` pass, by whatever clock the engine goes. */
  pass(seconds: number): Promise<void>;
  /** Called once all handles are closed. */
  close(): Promise<void>;
}

const MANY = 64;
const KEY_BYTES_MAX = 512;
const VALUE_BYTES_MAX = 256 * 1024;
const BAD_KEYS = [
  ['that is empty', ''],
  ['with a space', 'a b'],
  ['with an opening brace', 'a{b'],
  ['with a closing brace', 'a}b'],
  ['with a line feed', 'a\nb'],
  ['that ends with a line feed', 'ab\n'],
  ['with a null character', 'a\u0000b'],
  ['beyond ASCII', '\u00e4'],
  ['of 513 bytes', 'k'.repeat(KEY_BYTES_MAX + 1)],
] as const;

/** Holds every {@link State} to one behaviour. Each engine's test file calls it, and skips nothing. */
export function describeStateContract(name: string, arrange: () => Promise<StateEngine>): void {
  describeLifetimesContract(name, arrange);
  describe(`${name} keeps the state contract`, () => {
    let engine: StateEngine;
    let here: State;
    let there: State;

    beforeEach(async () => {
      engine = await arrange();
      here = await engine.open();
      there = await engine.open();
    });

    afterEach(async () => {
      await Promise.all([here.close(), there.close()]);
      await engine.close();
    });

    /** `count` things done at once, by both nodes in turn. */
    function together<T>(count: number, act: (node: State, n: number) => Promise<T>): Promise<T[]> {
      return Promise.all(
        Array.from({ length: count }, (_, n) => act(n % 2 === 0 ? here : there, n)),
      );
    }

    describe('entries', () => {
      test('what one node puts, another gets, with the version that the put gave', async () => {
        const version = await here.put('k', { deep: [1, 'two', null] });
        expect(await there.get('k')).toEqual({ value: { deep: [1, 'two', null] }, version });
      });

      test('a key that was never written holds nothing', async () => {
        expect(await here.get('k')).toBeUndefined();
      });

      test('no two writes share a version, not even of one value', async () => {
        const versions = await together(MANY, (node) => node.put('k', 'same'));
        expect(new Set(versions).size).toBe(MANY);
        expect(versions).toContain((await here.get('k'))?.version);
      });

      test('several reads come in the order asked, gaps and repetitions too', async () => {
        await here.put('a', 1);
        await there.put('b', 2);
        const entries = await here.getMany(['b', 'none', 'a', 'b']);
        expect(entries.map((entry) => entry?.value)).toEqual([2, undefined, 1, 2]);
        expect(await here.getMany([])).toEqual([]);
      });

      test('what is got back is the caller\u2019s own', async () => {
        const value = { list: ['a'] };
        await here.put('k', value);
        value.list.push('b');
        const entry = await here.get('k');
        expect(entry?.value).toEqual({ list: ['a'] });
        expect(await here.get('k')).not.toBe(entry);
      });

      test('deleting says whether there was something to delete', async () => {
        await here.put('k', 1);
        expect(await there.delete('k')).toBe(true);
        expect(await here.delete('k')).toBe(false);
        expect(await here.get('k')).toBeUndefined();
      });

      test('of many deletions at once, exactly one finds something', async () => {
        await here.put('k', 1);
        const found = await together(MANY, (node) => node.delete('k'));
        expect(found.filter(Boolean)).toHaveLength(1);
      });
    });

    describe('swaps', () => {
      test('a swap from the version that is there wins, and gives the new version', async () => {
        const seen = await here.put('k', 'old');
        const version = await there.swap('k', seen, 'new');
        expect(version).not.toBe(seen);
        expect(await here.get('k')).toEqual({ value: 'new', version });
      });

      test('a swap from an older version loses and changes nothing', async () => {
        const seen = await here.put('k', 'old');
        const version = await here.put('k', 'old');
        expect(await there.swap('k', seen, 'new')).toBeUndefined();
        expect(await here.get('k')).toEqual({ value: 'old', version });
      });

      test('a swap that expects absence wins where nothing is, and loses to what is there', async () => {
        expect(await here.swap('k', undefined, 'first')).toBeDefined();
        expect(await there.swap('k', undefined, 'second')).toBeUndefined();
        expect((await there.get('k'))?.value).toBe('first');
      });

      test('a swap that expects an entry loses where nothing is', async () => {
        const seen = await here.put('k', 1);
        await there.delete('k');
        expect(await here.swap('k', seen, 2)).toBeUndefined();
        expect(await here.get('k')).toBeUndefined();
      });

      test('of many swaps from one version, exactly one wins', async () => {
        const seen = await here.put('k', 'old');
        const versions = await together(MANY, (node, n) => node.swap('k', seen, n));
        const winner = versions.findIndex(Boolean);
        expect(versions.filter(Boolean)).toHaveLength(1);
        expect(await here.get('k')).toEqual({ value: winner, version: versions[winner] });
      });

      test('of many swaps that expect absence, exactly one wins', async () => {
        const versions = await together(MANY, (node, n) => node.swap('k', undefined, n));
        expect(versions.filter(Boolean)).toHaveLength(1);
      });

      test('what many add by swapping in turn is all there', async () => {
        await here.put('sum', 0);
        const addOne = async (node: State): Promise<void> => {
          const entry = await node.get('sum');
          const swapped = await node.swap('sum', entry?.version, Number(entry?.value) + 1);
          if (swapped === undefined) await addOne(node);
        };
        await together(8, addOne);
        expect((await here.get('sum'))?.value).toBe(8);
      });
    });

    describe('values and keys', () => {
      test('any JSON comes back as it was, to the last character', async () => {
        await fc.assert(
          fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (value) => {
            await here.put('k', value as Json);
            const entry = await there.get('k');
            expect(JSON.stringify(entry?.value)).toBe(JSON.stringify(value));
          }),
          { numRuns: rounds(60, 600) },
        );
      });

      test.each([
        ['null', null],
        ['an empty text', ''],
        ['bars and colons', '|a|b:c|"'],
        ['a null character', 'a\u0000b'],
        ['a lone surrogate', '\ud83d'],
        ['emoji and right-to-left text', '\u{1F511} \u05d0\u05d1'],
        ['names of Object.prototype', JSON.parse('{"__proto__":1,"constructor":{"a":2}}') as Json],
        ['deep nesting', JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as Json],
        ['the largest integer', Number.MAX_SAFE_INTEGER],
      ])('a value may be %s', async (_, value: Json) => {
        const seen = await here.put('k', value);
        await here.swap('other', undefined, value);
        await here.append('log', [value]);
        const [entry, other] = await there.getMany(['k', 'other']);
        const { entries } = await there.readLog('log', 0, 9);
        expect(entry?.version).toBe(seen);
        for (const held of [entry, other, entries[0]]) {
          expect(JSON.stringify(held?.value)).toBe(JSON.stringify(value));
        }
      });

      test('a value of 256 KiB is kept, a larger one refused by every verb', async () => {
        const largest = 'x'.repeat(VALUE_BYTES_MAX - 2);
        const seen = await here.put('k', largest);
        expect((await there.get('k'))?.value).toBe(largest);
        const wide = '\u00e4'.repeat(VALUE_BYTES_MAX / 2);
        for (const tooLarge of [`${largest}x`, wide]) {
          await expect(here.put('k', tooLarge)).rejects.toThrow(TypeError);
          await expect(here.swap('k', seen, tooLarge)).rejects.toThrow(TypeError);
          await expect(here.append('log', [1, tooLarge])).rejects.toThrow(TypeError);
        }
        expect((await there.get('k'))?.version).toBe(seen);
        expect((await there.readLog('log', 0, 9)).last).toBe(0);
      });

      test('a key may be any printable ASCII of 512 bytes', async () => {
        const printable = Array.from({ length: 94 }, (_, n) => String.fromCodePoint(33 + n))
          .join('')
          .replaceAll(/[{}]/gu, '');
        for (const key of [printable, 'k'.repeat(KEY_BYTES_MAX), '*', '%', "'", '\\', '|']) {
          await here.put(key, key);
          expect((await there.get(key))?.value).toBe(key);
        }
      });

      test.each(BAD_KEYS)('a key %s is refused by every verb', async (_, key) => {
        const acts = [
          here.get(key),
          here.getMany(['good', key]),
          here.put(key, 1),
          here.swap(key, undefined, 1),
          here.delete(key),
          here.count(key, 1, 1),
          here.add(key, 'm', engine.now() + 9),
          here.remove(key, 'm'),
          here.list(key),
          here.append(key, [1]),
          here.readLog(key, 0, 1),
          here.trimLog(key, 1),
          here.notify(key),
          here.subscribe(key, () => undefined),
        ];
        const outcomes = await Promise.allSettled(acts);
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) });
        }
      });

      test('an entry, a counter, a set and a log of one name are four things', async () => {
        await here.put('same', 'entry');
        await here.count('same', 3, 60);
        await here.add('same', 'member', engine.now() + 60);
        await here.append('same', ['logged']);
        expect((await there.get('same'))?.value).toBe('entry');
        expect(await there.delete('same')).toBe(true);
        expect(await there.count('same', 0, 60)).toBe(3);
        expect(await there.list('same')).toEqual(['member']);
        expect((await there.readLog('same', 0, 9)).last).toBe(1);
      });

      test('essential and durable writes do what the others do', async () => {
        const options = { essential: true, durable: true };
        const seen = await here.put('k', 1, { ...options, ttlSeconds: 60 });
        expect(await there.get('k')).toEqual({ value: 1, version: seen });
        const next = await there.swap('k', seen, 2, options);
        expect(next).toBeDefined();
        expect(await here.swap('k', seen, 3, options)).toBeUndefined();
        expect(await there.get('k')).toEqual({ value: 2, version: next });
        expect(await there.delete('k', { durable: true })).toBe(true);
        expect(await here.delete('k', { durable: true })).toBe(false);
        expect(await here.append('log', ['a', 'b'], options)).toBe(2);
        await here.add('set', 'm', engine.now() + 60, options);
        expect(await there.list('set')).toEqual(['m']);
      });

      test('what happens once is there for all, and one of them does it', async () => {
        const seen = await here.put('code', 'issued', { once: true });
        expect(await there.getMany(['code'])).toEqual([{ value: 'issued', version: seen }]);
        const next = await there.swap('code', seen, 'asked', { once: true, durable: true });
        expect(await here.get('code')).toEqual({ value: 'asked', version: next });
        expect(await here.swap('code', seen, 'used')).toBeUndefined();
        expect(await here.swap('code', next, 'used')).toBeDefined();
        const fresh = { madeAt: engine.now() + 1, ttlSeconds: 60 };
        expect(await here.swap('mark', undefined, 'seen', fresh)).toBeDefined();
        expect(await there.swap('mark', undefined, 'seen', fresh)).toBeUndefined();
      });
    });

    describe('counters', () => {
      test('a counter adds up what both nodes count, and 0 reads it', async () => {
        expect(await here.count('c', 0, 60)).toBe(0);
        expect(await here.count('c', 2, 60)).toBe(2);
        expect(await there.count('c', 5, 60)).toBe(7);
        expect(await there.count('c', 0, 60)).toBe(7);
      });

      test('a negative count gives back', async () => {
        await here.count('c', 3, 60);
        expect(await there.count('c', -2, 60)).toBe(1);
      });

      test('counts made at once are each counted once, and each sum is given once', async () => {
        const sums = await together(MANY, (node) => node.count('c', 1, 60));
        expect(sums.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: MANY }, (_, n) => n + 1),
        );
      });
    });

    describe('sets', () => {
      test('members come and go, each once', async () => {
        const later = engine.now() + 60;
        await here.add('s', 'a', later);
        await there.add('s', 'a', later);
        await there.add('s', 'b \u{1F511} {}', later);
        expect((await here.list('s')).toSorted()).toEqual(['a', 'b \u{1F511} {}']);
        await here.remove('s', 'a');
        await here.remove('s', 'never there');
        expect(await there.list('s')).toEqual(['b \u{1F511} {}']);
        expect(await there.list('empty')).toEqual([]);
      });

      test('members added at once are all there', async () => {
        await together(MANY, (node, n) => node.add('s', `m${n}`, engine.now() + 60));
        expect(new Set(await here.list('s')).size).toBe(MANY);
      });
    });

    describe('logs', () => {
      const numbers = (count: number, from = 1): number[] =>
        Array.from({ length: count }, (_, n) => from + n);

      test('a log that nobody appended to is empty', async () => {
        expect(await here.readLog('l', 0, 9)).toEqual({ entries: [], last: 0, first: 1 });
      });

      test('what one node appends, another reads, oldest first', async () => {
        expect(await here.append('l', ['a'])).toBe(1);
        expect(await there.append('l', [{ b: 1 }])).toBe(2);
        expect(await here.readLog('l', 0, 9)).toEqual({
          entries: [
            { number: 1, value: 'a' },
            { number: 2, value: { b: 1 } },
          ],
          last: 2,
          first: 1,
        });
      });

      test('a page begins after the number asked for and holds no more than the limit', async () => {
        await here.append('l', numbers(10));
        const page = await there.readLog('l', 3, 4);
        expect(page.entries.map((entry) => entry.number)).toEqual([4, 5, 6, 7]);
        expect(page).toMatchObject({ last: 10, first: 1 });
        expect((await there.readLog('l', 10, 4)).entries).toEqual([]);
        expect((await there.readLog('l', 99, 4)).entries).toEqual([]);
      });

      test('entries appended at once by both nodes are numbered without a gap, each once', async () => {
        const given = await together(MANY, (node, n) => node.append('l', [n]));
        expect(given.toSorted((a, b) => a - b)).toEqual(numbers(MANY));
        const { entries } = await here.readLog('l', 0, 2 * MANY);
        expect(entries.map((entry) => entry.number)).toEqual(numbers(MANY));
        for (const [n, number] of given.entries()) expect(entries[number - 1]?.value).toBe(n);
      });

      test('values appended together stay together and in order', async () => {
        const batch = (n: number): string[] => ['a', 'b', 'c'].map((part) => `${n}${part}`);
        const lasts = await together(16, (node, n) => node.append('l', batch(n)));
        const { entries, last } = await here.readLog('l', 0, 99);
        expect(last).toBe(48);
        for (const [n, end] of lasts.entries()) {
          expect(entries.slice(end - 3, end).map((entry) => entry.value)).toEqual(batch(n));
        }
      });

      test('appending nothing changes nothing and gives the last number', async () => {
        expect(await here.append('l', [])).toBe(0);
        await here.append('l', ['a', 'b']);
        expect(await there.append('l', [])).toBe(2);
        expect((await here.readLog('l', 0, 9)).entries).toHaveLength(2);
      });

      test('trimming forgets the oldest; numbering goes on', async () => {
        await here.append('l', numbers(10));
        await there.trimLog('l', 4);
        const page = await here.readLog('l', 0, 99);
        expect(page.entries.map((entry) => entry.number)).toEqual(numbers(6, 5));
        expect(page).toMatchObject({ last: 10, first: 5 });
        await there.trimLog('l', 2);
        expect((await here.readLog('l', 0, 99)).first).toBe(5);
        expect(await there.append('l', ['next'])).toBe(11);
      });

      test('a log trimmed empty, or beyond its end, remembers its last number', async () => {
        await here.append('l', numbers(3));
        await there.trimLog('l', 3);
        expect(await here.readLog('l', 0, 9)).toEqual({ entries: [], last: 3, first: 4 });
        await there.trimLog('l', 1000);
        expect(await here.readLog('l', 0, 9)).toEqual({ entries: [], last: 3, first: 4 });
        expect(await here.append('l', ['next'])).toBe(4);
        await here.trimLog('never', 5);
        expect(await here.append('never', ['first'])).toBe(1);
      });

      test('logs are numbered apart', async () => {
        await here.append('l', ['a', 'b']);
        expect(await here.append('m', ['a'])).toBe(1);
      });
    });

    describe('notifications', () => {
      test('a notification reaches every node, its own too, and only its topic', async () => {
        const heard: string[] = [];
        await here.subscribe('t', () => heard.push('here'));
        await there.subscribe('t', () => heard.push('there'));
        await there.subscribe('u', () => heard.push('wrong'));
        await here.notify('t');
        await expect.poll(() => heard.toSorted()).toEqual(['here', 'there']);
      });

      test('what was written before a notification is there for whoever hears it', async () => {
        const heard = Promise.withResolvers<Entry | undefined>();
        await there.subscribe('t', () => heard.resolve(there.get('k')));
        await here.put('k', 'truth');
        await here.notify('t');
        expect(await heard.promise).toMatchObject({ value: 'truth' });
      });

      test('each listener of a topic hears, until its own subscription ends', async () => {
        const heard: string[] = [];
        const end = await there.subscribe('t', () => heard.push('first'));
        await there.subscribe('t', () => heard.push('second'));
        await here.notify('t');
        await expect.poll(() => heard.toSorted()).toEqual(['first', 'second']);
        await end();
        await end();
        await here.notify('t');
        await expect.poll(() => heard.toSorted()).toEqual(['first', 'second', 'second']);
      });

      test('a listener that throws keeps nobody else from hearing', async () => {
        const heard: string[] = [];
        await there.subscribe('t', () => {
          throw new Error('a listener of the test fails');
        });
        await there.subscribe('t', () => heard.push('second'));
        await here.notify('t');
        await expect.poll(() => heard).toEqual(['second']);
        expect(await there.get('k')).toBeUndefined();
      });
    });

    describe('a handle', () => {
      test('is in health', async () => {
        const health = await here.health();
        expect(health.ok).toBe(true);
        expect(health.remarks.every((remark) => typeof remark === 'string')).toBe(true);
      });

      test('that is closed answers nothing more, and disturbs no other', async () => {
        await here.put('k', 1);
        await here.close();
        await here.close();
        await expect(here.get('k')).rejects.toThrow(StateUnavailable);
        await expect(here.put('k', 2)).rejects.toThrow(StateUnavailable);
        expect((await here.health()).ok).toBe(false);
        expect((await there.get('k'))?.value).toBe(1);
      });

      test('closes after what it has begun', async () => {
        const writes = together(MANY, (_, n) => here.put(`k${n}`, n));
        await here.close();
        const outcome = await writes.then(
          () => 'written',
          (error: unknown) => error,
        );
        if (outcome !== 'written') expect(outcome).toBeInstanceOf(StateUnavailable);
        else expect(await there.getMany(['k0', `k${MANY - 1}`])).not.toContain(undefined);
      });

      test('finds what earlier handles left', async () => {
        const version = await here.put('k', 'left');
        await here.append('l', ['left']);
        await Promise.all([here.close(), there.close()]);
        here = await engine.open();
        expect(await here.get('k')).toEqual({ value: 'left', version });
        expect(await here.append('l', ['next'])).toBe(2);
      });
    });

    test('any history of both nodes is what a map would have answered', async () => {
      let history = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          history += 1;
          const model = createModel();
          for (const { isHere, key, act, n } of steps) {
            const node = isHere ? here : there;
            const answer = await ACTS[act](node, model, `${history}-${key}`, n);
            expect(answer.engine, `${act} ${key}`).toEqual(answer.model);
          }
        }),
        { numRuns: rounds(30, 300) },
      );
    });
  });
}

/** What a history is compared with. */
interface Model {
  readonly entries: Map<string, Entry>;
  readonly counters: Map<string, number>;
  readonly logs: Map<string, { readonly values: Map<number, Json>; last: number }>;
}

function createModel(): Model {
  return { entries: new Map(), counters: new Map(), logs: new Map() };
}

interface Answer {
  readonly engine: unknown;
  readonly model: unknown;
}

/** One step of a history, on the engine and on the model, and what each answered. */
type Act = (node: State, model: Model, key: string, n: number) => Promise<Answer>;

const ACTS = {
  async put(node, { entries }, key, n) {
    const version = await node.put(key, n);
    entries.set(key, { value: n, version });
    return { engine: typeof version, model: 'string' };
  },
  async swap(node, { entries }, key, n) {
    const version = await node.swap(key, entries.get(key)?.version, n);
    if (version !== undefined) entries.set(key, { value: n, version });
    return { engine: version !== undefined, model: true };
  },
  async staleSwap(node, _, key, n) {
    return { engine: await node.swap(key, 'of-another-time', n), model: undefined };
  },
  async delete(node, { entries }, key) {
    return { engine: await node.delete(key), model: entries.delete(key) };
  },
  async get(node, { entries }, key) {
    return { engine: await node.get(key), model: entries.get(key) };
  },
  async count(node, { counters }, key, n) {
    counters.set(key, (counters.get(key) ?? 0) + n);
    return { engine: await node.count(key, n, 600), model: counters.get(key) };
  },
  async append(node, { logs }, key, n) {
    const log = logs.get(key) ?? { values: new Map(), last: 0 };
    logs.set(key, log);
    log.last += 1;
    log.values.set(log.last, n);
    return { engine: await node.append(key, [n]), model: log.last };
  },
  async trim(node, { logs }, key, n) {
    await node.trimLog(key, n);
    const log = logs.get(key) ?? { values: new Map(), last: 0 };
    for (const number of log.values.keys()) if (number <= n) log.values.delete(number);
    const entries = [...log.values].map(([number, value]) => ({ number, value }));
    const first = entries[0]?.number ?? log.last + 1;
    return { engine: await node.readLog(key, 0, 1000), model: { entries, last: log.last, first } };
  },
} satisfies Record<string, Act>;

const step = fc.record({
  isHere: fc.boolean(),
  key: fc.constantFrom('a', 'b'),
  act: fc.constantFrom('put', 'swap', 'staleSwap', 'delete', 'get', 'count', 'append', 'trim'),
  n: fc.integer({ min: -3, max: 9 }),
});
