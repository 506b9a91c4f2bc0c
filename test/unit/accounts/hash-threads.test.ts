import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { createHashThreads } from '../../../src/accounts/hash-threads.ts';
import { coresOfProcess, keepOnCore, useAllCores } from '../../../src/runtime/cores.ts';
import { idleThreads, nicenessOfThreads } from './niceness.ts';

const COST = { memoryCost: 7168, timeCost: 1, parallelism: 1, outputLen: 32 };

describe('threads that hash', () => {
  test('answer several at once, each its own question', async () => {
    const threads = createHashThreads(2);
    const hashes = await Promise.all(
      ['one', 'two', 'three'].map((password) =>
        threads.ask({ kind: 'hash', password, cost: COST }, false),
      ),
    );
    const verdicts = await Promise.all(
      hashes.map((against) =>
        threads.ask({ kind: 'verify', password: 'two', against: `${against}` }, false),
      ),
    );
    expect(verdicts).toEqual([false, true, false]);
  });

  test('have the next question at hand, and begin none that gives way before the one before it has ended', async () => {
    const seen: string[] = [];
    const threads = createHashThreads(1, (givesWay) => {
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads');
         const asked = [];
         parentPort.on('message', ({ number, password }) => {
           asked.push({ number, kind: 'done', result: password });
           if (asked.length === 2) while (asked.length > 0) parentPort.postMessage(asked.pop());
         });`,
        { eval: true },
      );
      seen.push(givesWay ? 'patient' : 'eager');
      return worker;
    });
    const ask = (password: string, givesWay: boolean): Promise<string | boolean> =>
      threads.ask({ kind: 'hash', password, cost: COST }, givesWay);
    // This one answers none before it has two, and the last first.
    const eager = Promise.all([ask('one', false), ask('two', false)]);
    const patient = Promise.all([ask('three', true), ask('four', true)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['eager']);
    expect(await eager).toEqual(['one', 'two']);
    expect(await patient).toEqual(['three', 'four']);
    expect(seen).toEqual(['eager', 'patient']);
  });

  test.each([
    ['give way to all others', true],
    ['are as good as any other', false],
  ])('%s when told so', async (_name, givesWay) => {
    const before = nicenessOfThreads();
    await createHashThreads(1).ask({ kind: 'hash', password: 'x', cost: COST }, givesWay);
    const own = before.get(`${process.pid}`) ?? 0;
    const started = [...nicenessOfThreads()].filter(([thread]) => !before.has(thread));
    expect(started.length).toBeGreaterThan(0);
    expect(started.some(([, niceness]) => niceness > own)).toBe(givesWay);
    expect([...idleThreads()].some((thread) => !before.has(thread))).toBe(givesWay);
  });

  test('use all cores where the thread that starts them is kept on one', async () => {
    const own = Number(basename(readlinkSync('/proc/thread-self')));
    const [core = 0] = coresOfProcess();
    const before = coresOfThreads();
    expect(await keepOnCore(own, core)).toBe(true);
    expect(coresOfThreads().get(own)).toBe(String(core));
    try {
      await createHashThreads(1).ask({ kind: 'hash', password: 'x', cost: COST }, false);
      const started = [...coresOfThreads()].filter(([thread]) => !before.has(thread));
      expect(started.map(([, cores]) => cores)).toContain(before.get(own));
    } finally {
      useAllCores(own);
    }
    expect(coresOfThreads().get(own)).toBe(before.get(own));
  });

  test('refuse what is no hash, and go on', async () => {
    const threads = createHashThreads(1);
    const nothing = threads.ask({ kind: 'verify', password: 'x', against: 'nothing' }, false);
    await expect(nothing).rejects.toThrow('only hashes that are known');
    expect(await threads.ask({ kind: 'hash', password: 'x', cost: COST }, false)).toMatch(
      /^\$argon2id\$/,
    );
  });

  test('that end in the middle leave nobody waiting, and others take their place', async () => {
    const started: string[] = [];
    const threads = createHashThreads(1, () => {
      started.push('thread');
      return new Worker(
        `const { parentPort } = require('node:worker_threads');
         parentPort.on('message', ({ number, password }) => {
           if (password === 'end') process.exit(1);
           parentPort.postMessage({ number, kind: 'done', result: password });
         });`,
        { eval: true },
      );
    });
    await expect(threads.ask({ kind: 'hash', password: 'end', cost: COST }, false)).rejects.toThrow(
      'has ended',
    );
    expect(await threads.ask({ kind: 'hash', password: 'on', cost: COST }, false)).toBe('on');
    expect(started).toHaveLength(2);
  });
});

/** As the kernel lists them, by the number of the thread. */
function coresOfThreads(): ReadonlyMap<number, string> {
  const entries = readdirSync('/proc/self/task').flatMap((thread) => {
    const file = `/proc/self/task/${thread}/status`;
    // One may end meanwhile.
    const status = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const cores = /^Cpus_allowed_list:\s*(\S+)$/mu.exec(status)?.[1];
    return cores === undefined ? [] : [[Number(thread), cores] as const];
  });
  return new Map(entries);
}
