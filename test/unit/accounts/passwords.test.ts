import { hash } from '@node-rs/argon2';
import { describe, expect, test } from 'vitest';
import { PasswordsBusy } from '../../../src/accounts/accounts.ts';
import { createPasswords } from '../../../src/accounts/passwords.ts';
import { costOf } from '../../../src/accounts/rules.ts';
import { nicenessOfThreads } from './niceness.ts';

const cheap = {
  memoryKib: 8192,
  iterations: 1,
  parallelism: 1,
  atOnce: 1,
  waitingMax: 4,
} as const;

describe('passwords', () => {
  test('a hash is Argon2id of the configured cost and a salt of its own', async () => {
    const passwords = createPasswords(cheap);
    const [one, two] = await Promise.all([passwords.hash('secret 1'), passwords.hash('secret 1')]);
    expect(costOf(one)).toEqual({ memoryKib: 8192, iterations: 1, parallelism: 1 });
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, 'secret 1')).toBe('match');
    expect(await passwords.verify(one, 'secret 2')).toBe('mismatch');
  });

  test('a password typed with composed letters matches one typed with combining marks', async () => {
    const passwords = createPasswords(cheap);
    const phc = await passwords.hash('caf\u00E9 cr\u00E8me');
    expect(await passwords.verify(phc, 'cafe\u0301 cre\u0300me')).toBe('match');
  });

  test('without a hash, and with a broken one, nothing matches', async () => {
    const passwords = createPasswords(cheap);
    expect(await passwords.verify(undefined, 'secret 1')).toBe('mismatch');
    expect(await passwords.verify('', '')).toBe('mismatch');
    expect(await passwords.verify('$argon2id$v=19$broken', 'secret 1')).toBe('mismatch');
  });

  test('a password over 1 KB is a mismatch without a hash', async () => {
    const passwords = createPasswords({ ...cheap, waitingMax: 0 });
    const phc = await passwords.hash('a'.repeat(1024));
    const running = passwords.verify(phc, 'a'.repeat(1024));
    // The queue is full: whatever wanted to be hashed now would be told `busy`.
    expect(await passwords.verify(phc, 'a'.repeat(1025))).toBe('mismatch');
    expect(await running).toBe('match');
  });

  test('beyond the bound of the queue, sign-ins are told to come again', async () => {
    const passwords = createPasswords({ ...cheap, waitingMax: 1 });
    const verdicts = [1, 2, 3, 4].map(() => passwords.verify(undefined, 'secret 1'));
    await expect(passwords.hash('secret 1')).rejects.toThrow(PasswordsBusy);
    expect(await Promise.all(verdicts)).toEqual(['mismatch', 'mismatch', 'busy', 'busy']);
  });

  test('a hash of another cost is outdated', async () => {
    const passwords = createPasswords(cheap);
    expect(passwords.isOutdated(await passwords.hash('secret 1'))).toBe(false);
    const stronger = await hash('secret 1', { memoryCost: 9000, timeCost: 1, parallelism: 1 });
    expect(passwords.isOutdated(stronger)).toBe(true);
    expect(await passwords.verify(stronger, 'secret 1')).toBe('match');
  });

  test('hashes give way to whoever wants a token as soon as many wait for them, not before', async () => {
    const passwords = createPasswords({ ...cheap, waitingMax: 100 });
    const before = nicenessOfThreads();
    const own = before.get(`${process.pid}`) ?? 0;
    const newAndPatient = (): number =>
      [...nicenessOfThreads()].filter(([thread, nice]) => !before.has(thread) && nice > own).length;
    await Promise.all([1, 2, 3].map(() => passwords.verify(undefined, 'secret 1')));
    expect(newAndPatient()).toBe(0);
    await Promise.all(Array.from({ length: 40 }, () => passwords.verify(undefined, 'secret 1')));
    expect(newAndPatient()).toBeGreaterThan(0);
  });

  test('the event loop goes on while hashes run', async () => {
    const passwords = createPasswords({ ...cheap, memoryKib: 65_536, iterations: 3 });
    const hashing = passwords.hash('secret 1').then(() => 'hashed');
    const turns = new Promise<string>((resolve) => setImmediate(() => resolve('went on')));
    expect(await Promise.race([hashing, turns])).toBe('went on');
    await hashing;
  });
});
