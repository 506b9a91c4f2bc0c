import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createStrengthMeter } from '../../../src/accounts/strength.ts';
import { expectAlike } from '../../support/alike.ts';
import { rounds } from '../../support/counts.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { ACTOR, CHEAP, openPeople } from './fixture.ts';

const origin = { address: '192.0.2.1' };
const leaked = 'purple monkey dishwasher';

/** A range service that knows one password, and pads its answers. */
async function startRangeService(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const digest = hash('sha1', leaked, 'hex').toUpperCase();
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers['add-padding'])}`);
    const lines = [`${'0'.repeat(35)}:0`, `${digest.slice(5)}:7`, `${'A'.repeat(35)}:12`];
    response.end(request.url?.endsWith(digest.slice(0, 5)) ? lines.join('\r\n') : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/range/`, asked };
}

describe('new passwords', () => {
  test('are measured, with a hint of what makes them weak', async () => {
    const { accounts } = await openPeople();
    onTestFinished(() => accounts.close());
    expect(await accounts.checkNewPassword('correct horse battery staple')).toEqual({
      ok: true,
      score: 4,
      hint: undefined,
    });
    expect(await accounts.checkNewPassword('abcabcabcabc')).toMatchObject({
      ok: true,
      score: 0,
      hint: 'password.hint.repeats',
    });
    const alice = { username: 'alice', claims: { family_name: 'Liddell' } };
    expect(await accounts.checkNewPassword('liddell!1', alice)).toMatchObject({
      ok: true,
      hint: 'password.hint.ownName',
    });
    expect(await accounts.checkNewPassword('liddell1', alice)).toMatchObject({
      ok: false,
      problems: [{ key: 'password.ownName', values: {} }],
    });
    expect(await accounts.checkNewPassword('short')).toMatchObject({
      ok: false,
      problems: [{ key: 'password.tooShort', values: { min: 8 } }],
    });
  });

  test('are measured off the event loop, however unkind they are', async () => {
    const { logger } = createRecordingLogger();
    const meter = createStrengthMeter(logger);
    onTestFinished(() => meter.close());
    await meter.measure('warm', []);
    const unkind = '1a2b3c4d@$!'.repeat(90);
    const utilized = performance.eventLoopUtilization();
    const started = performance.now();
    const [strength] = await Promise.all(
      Array.from({ length: 8 }, () => meter.measure(unkind, [])),
    );
    const busy = performance.eventLoopUtilization(utilized).active;
    expect(strength?.score).toBe(4);
    expect(busy).toBeLessThan((performance.now() - started) / 2);
  });

  test('are called middling when the thread that measures them dies, and the next starts another', async () => {
    const { logger, lines } = createRecordingLogger();
    let started = 0;
    const meter = createStrengthMeter(logger, () => {
      started += 1;
      return new Worker('throw new Error("broken")', { eval: true });
    });
    onTestFinished(() => meter.close());
    for (const count of [1, 2]) {
      expect(await meter.measure('some password', [])).toEqual({ score: 2, hint: undefined });
      expect(started).toBe(count);
      expect(lines.at(-1)?.fields.event).toBe('password.strength_failed');
    }
    expect(JSON.stringify(lines)).not.toContain('some password');
  });

  test('that leaked are refused where a service says so, which learns five digits alone', async () => {
    const { url, asked } = await startRangeService();
    const people = await openPeople();
    const settings = { argon2: CHEAP, password: { breachService: url } };
    const accounts = people.open(settings, undefined, { outboundFetch: fetch });
    const { id } = await accounts.create({ username: 'alice' }, ACTOR);
    await expect(accounts.setPassword(id, leaked, ACTOR)).rejects.toThrow('leaked');
    expect(await accounts.setPassword(id, `${leaked}s`, ACTOR)).toBe(true);
    await expect(accounts.setPassword(id, 'short', ACTOR)).rejects.toThrow('at least 8');
    expect(asked).toEqual([
      expect.stringMatching(/^\/range\/[0-9A-F]{5} true$/),
      expect.stringMatching(/^\/range\/[0-9A-F]{5} true$/),
    ]);
  });

  test('are taken when the service does not answer, and the operator is told', async () => {
    const people = await openPeople();
    const settings = { argon2: CHEAP, password: { breachService: 'http://127.0.0.1:1/range' } };
    const accounts = people.open(settings, undefined, { outboundFetch: fetch });
    const { id } = await accounts.create({ username: 'alice', password: leaked }, ACTOR);
    expect(await accounts.find(id)).toMatchObject({ hasPassword: true });
    expect(people.lines.map(({ fields }) => fields.event)).toEqual([
      'password.breach_check_failed',
    ]);
    expect(JSON.stringify(people.lines)).not.toContain(leaked);
  });
});

describe('passwords of another system', () => {
  test('sign in once by the old hash and from then on by one of ours', async () => {
    const people = await openPeople();
    const passwordHash = await bcrypt('from the old days', 4);
    const { id } = await people.accounts.create({ username: 'alice', passwordHash }, ACTOR);
    const stored = async (): Promise<string | null | undefined> =>
      (await people.records.first(people.records.queries.selectFrom('account').selectAll()))
        ?.password_hash;
    const signIn = async (password: string): Promise<string> =>
      (await people.accounts.verifyPassword({ login: 'alice', password, origin })).kind;
    expect(await signIn('wrong')).toBe('refused');
    expect(await stored()).toBe(passwordHash);
    expect(await signIn('from the old days')).toBe('verified');
    expect(await stored()).toMatch(/^\$argon2id\$/);
    expect(await signIn('from the old days')).toBe('verified');
    expect(await signIn('wrong')).toBe('refused');
    expect(people.revoked).toEqual([]);
    expect(id).toBeDefined();
  });

  test('that would cost too much are not taken', async () => {
    const { accounts } = await openPeople();
    const passwordHash = `$2b$20$${'a'.repeat(53)}`;
    await expect(accounts.create({ username: 'alice', passwordHash }, ACTOR)).rejects.toThrow(
      'passwordHash',
    );
  });

  test('do not tell who is there: nobody’s names cost what somebody’s do', async () => {
    const limits = { perPath: 100, perAddress: 100_000, overall: 10_000_000 };
    const { accounts, clock } = await openPeople({ argon2: CHEAP, limits });
    const passwordHash = await bcrypt('from the old days', 10);
    const names = Array.from({ length: 8 }, (_, index) => index);
    for (const index of names)
      await accounts.create({ username: `person-${index}`, passwordHash }, ACTOR);
    /** Microseconds on the processor: on a busy machine the clock on the wall tells nothing. */
    const costOf = async (login: string): Promise<number> => {
      const before = process.cpuUsage();
      await accounts.verifyPassword({ login, password: 'wrong', origin });
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    await expectAlike(rounds(1.2, 1.05), async () => {
      const [known, unknown]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds(1, 20); round += 1) {
        for (const index of names) {
          known.push(await costOf(`person-${index}`));
          unknown.push(await costOf(`nobody-${index}`));
        }
        clock.advance(86_400 * 31);
      }
      return { known: median(known), unknown: median(unknown) };
    });
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
