import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FactorOutcome } from '../../../src/factors/factors.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { StateUnavailable } from '../../../src/storage/state.ts';
import { createEmbeddedPlace } from '../../support/embedded-file.ts';
import { rounds } from '../../support/counts.ts';
import {
  ACTOR,
  codeNow,
  enrolTotp,
  MASTER_KEY,
  openEmbeddedFactors,
  openFactors,
  ORIGIN,
  sharedFactors,
  type FactorHouse,
} from './fixture.ts';

const shared = sharedFactors();

const STATES = ['disabled', 'locked', 'expired'] as const;

describe('an authenticator app', () => {
  const check = (
    { one }: Pick<FactorHouse, 'one'>,
    accountId: string,
    code: string,
  ): Promise<FactorOutcome> => one.totp.check({ accountId, code, origin: ORIGIN });

  test('does not count before a code of it was typed', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const begun = await house.one.totp.beginEnrolment(accountId);
    expect(await check(house, accountId, codeNow(house, begun?.key ?? ''))).toEqual({
      kind: 'refused',
    });
    const answer = { accountId, sealed: begun?.sealed ?? '', actor: ACTOR };
    expect(await house.one.totp.finishEnrolment({ ...answer, code: '000' })).toBe(false);
    expect(await house.one.of(accountId)).toMatchObject({ totp: undefined });
    const code = codeNow(house, begun?.key ?? '');
    expect(await house.other.totp.finishEnrolment({ ...answer, code })).toBe(true);
    expect(await house.one.of(accountId)).toMatchObject({ totp: { createdAt: house.clock.now() } });
  });

  test('can be set up by picture, by link and by typing', async () => {
    const house = shared();
    const begun = await house.one.totp.beginEnrolment(house.add().id);
    expect(begun?.uri).toMatch(
      /^otpauth:\/\/totp\/Example%20%26%20Co:alice%40example\.com\?issuer=Example%20%26%20Co&secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30$/u,
    );
    expect(begun?.key).toMatch(/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/u);
    expect(begun?.uri).toContain(begun?.key.replaceAll(' ', ''));
    expect(begun?.qr.path).toMatch(/^(?:M\d+ \d+h\d+v1h-\d+z)+$/u);
  });

  test('the code that set it up is not good for a sign-in, nor for setting it up again', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const begun = await house.one.totp.beginEnrolment(accountId);
    const code = codeNow(house, begun?.key ?? '');
    const answer = { accountId, sealed: begun?.sealed ?? '', code, actor: ACTOR };
    expect(await house.one.totp.finishEnrolment(answer)).toBe(true);
    expect(await check(house, accountId, code)).toEqual({ kind: 'refused' });
    expect(await check(house, accountId, codeNow(house, begun?.key ?? '', 1))).toEqual({
      kind: 'proven',
    });
    // Else the code of before could be used once more after the enrolment is played again.
    expect(await house.one.totp.finishEnrolment(answer)).toBe(false);
    expect(await check(house, accountId, codeNow(house, begun?.key ?? '', 1))).toEqual({
      kind: 'refused',
    });
  });

  test('an enrolment that was begun for somebody else is refused', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    const begun = await house.one.totp.beginEnrolment(mallory);
    const answer = { sealed: begun?.sealed ?? '', code: codeNow(house, begun?.key ?? '') };
    const forAlice = { ...answer, accountId: alice, actor: ACTOR };
    expect(await house.one.totp.finishEnrolment(forAlice)).toBe(false);
    expect(await house.one.of(alice)).toMatchObject({ totp: undefined });
    const cut = { ...forAlice, accountId: mallory, sealed: 'v1.x.y' };
    expect(await house.one.totp.finishEnrolment(cut)).toBe(false);
  });

  test('a new app takes the place of the old one', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const old = await enrolTotp(house, accountId);
    const fresh = await enrolTotp(house, accountId);
    expect(await check(house, accountId, codeNow(house, old))).toEqual({ kind: 'refused' });
    expect(await check(house, accountId, codeNow(house, fresh))).toEqual({ kind: 'proven' });
  });

  test('a code typed with gaps or in wide digits is the same code', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const key = await enrolTotp(house, accountId);
    const spaced = codeNow(house, key).replace(/^.../u, '$& ');
    expect(await check(house, accountId, ` ${spaced} `)).toEqual({ kind: 'proven' });
    const wide = codeNow(house, key, 1).replaceAll(/\d/gu, (digit) =>
      String.fromCodePoint(0xff10 + Number(digit)),
    );
    expect(await check(house, accountId, wide)).toEqual({ kind: 'proven' });
  });

  test('in whatever order codes come, each is good at most once, and only near its time', async () => {
    const house = await openEmbeddedFactors({
      strangers: 10_000,
      acquaintances: 10_000,
      perPath: 10_000,
    });
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 45 }),
      shift: fc.integer({ min: -3, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { id: accountId } = house.add();
        const key = await enrolTotp(house, accountId);
        let lastStep = Math.floor(house.clock.now() / 30) - 2;
        for (const { wait, shift } of steps) {
          house.clock.advance(wait);
          const now = Math.floor(house.clock.now() / 30);
          const code = codeNow(house, key, shift);
          // By chance two steps may have one code.
          const good = [-1, 0, 1].find(
            (near) => now + near > lastStep && codeNow(house, key, near) === code,
          );
          const node = house[wait % 2 ? 'one' : 'other'];
          const outcome = await node.totp.check({ accountId, code, origin: ORIGIN });
          expect(outcome.kind).toBe(good === undefined ? 'refused' : 'proven');
          if (good !== undefined) lastStep = now + good;
        }
      }),
      { numRuns: rounds(15, 500) },
    );
  });

  test('guessing is stopped for strangers, and not for who signed in from there before', async () => {
    const house = await openEmbeddedFactors({ strangers: 5, perPath: 100 });
    const { id: accountId } = house.add();
    const key = await enrolTotp(house, accountId);
    expect(await check(house, accountId, codeNow(house, key))).toEqual({ kind: 'proven' });
    house.clock.advance(60);
    const guess = (address: string, code = '000000'): Promise<FactorOutcome> =>
      house.other.totp.check({ accountId, code, origin: { address } });
    const kinds: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      kinds.push((await guess(`198.51.100.${index}`)).kind);
    }
    expect(kinds).toEqual([
      ...Array.from({ length: 5 }, () => 'refused'),
      'throttled',
      'throttled',
    ]);
    // Even the right code is not looked at, so that it stays good for whom it belongs to.
    expect((await guess('198.51.100.9', codeNow(house, key))).kind).toBe('throttled');
    const locked = (await house.events(accountId)).filter(({ type }) => type === 'factor.locked');
    expect(locked).toMatchObject([{ factor: 'totp', accountId }]);
    // Codes of other kinds are not blocked with it.
    const [code = ''] = (await house.one.recoveryCodes.renew(accountId, ACTOR)) ?? [];
    const stranger = { accountId, origin: { address: '198.51.100.1' } };
    expect(await house.one.recoveryCodes.check({ ...stranger, code })).toMatchObject({
      kind: 'proven',
    });
    expect(await check(house, accountId, codeNow(house, key))).toEqual({ kind: 'proven' });
    house.clock.advance(60);
    expect((await guess('198.51.100.9', codeNow(house, key))).kind).toBe('proven');
  });

  test('where an app was set up strangers cannot keep its owner from the first use', async () => {
    const house = await openEmbeddedFactors({ strangers: 3, perPath: 100 });
    const { id: accountId } = house.add();
    const key = await enrolTotp(house, accountId);
    for (let index = 0; index < 5; index += 1) {
      const origin = { address: `198.51.100.${index}` };
      await house.one.totp.check({ accountId, code: '000000', origin });
    }
    expect(await house.other.failures(accountId)).toEqual([
      { factor: 'totp', who: 'strangers', failures: 5, max: 3 },
    ]);
    expect(await check(house, accountId, codeNow(house, key))).toEqual({ kind: 'proven' });
    expect(await house.other.failures(accountId)).toEqual([]);
  });

  test('a check that cannot be counted proves nothing', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const key = await enrolTotp(house, accountId);
    const down = await openFactors({
      open: async () => ({
        records: house.records,
        state: {
          ...house.state,
          count: () => Promise.reject(new StateUnavailable('cut off')),
          get: () => Promise.reject(new StateUnavailable('cut off')),
        },
      }),
    });
    down.people.set(accountId, house.add({ id: accountId }));
    const attempt = { accountId, code: codeNow(house, key), origin: ORIGIN };
    await expect(down.one.totp.check(attempt)).rejects.toThrow(StateUnavailable);
    expect(await house.one.totp.check(attempt)).toEqual({ kind: 'proven' });
  });

  test('its secret lies sealed, for its owner alone, and goes over to another master key', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    const key = await enrolTotp(house, alice);
    await enrolTotp(house, mallory);
    const { records } = house;
    const rowOf = (id: string): ReturnType<typeof records.all> =>
      records.all(records.queries.selectFrom('totp').selectAll().where('account_id', '=', id));
    expect(JSON.stringify(await rowOf(alice))).not.toContain(key.replaceAll(' ', ''));
    const next = new Uint8Array(32).fill(9);
    const both = house.open({}, { sealer: createSealer([next, MASTER_KEY]) });
    expect(await both.reseal(createSealer([next]))).toBeGreaterThanOrEqual(2);
    const after = house.open({}, { sealer: createSealer([next]) });
    const attempt = { accountId: alice, code: codeNow(house, key), origin: ORIGIN };
    expect(await after.totp.check(attempt)).toEqual({ kind: 'proven' });
    // The row of one person under the name of another opens for nobody, and operators are told.
    const [row] = await records.all(
      records.queries.selectFrom('totp').select('secret_sealed').where('account_id', '=', alice),
    );
    await records.write(
      records.queries
        .updateTable('totp')
        .set({ secret_sealed: row?.secret_sealed ?? '' })
        .where('account_id', '=', mallory),
    );
    house.clock.advance(60);
    const stolen = { accountId: mallory, code: codeNow(house, key), origin: ORIGIN };
    expect(await after.totp.check(stolen)).toEqual({ kind: 'refused' });
    expect(house.lines.map(({ fields }) => fields.event)).toContain('totp.unreadable');
    await records.write(records.queries.deleteFrom('totp'));
  });

  test.each(STATES)('is good for nobody whose account is %s', async (state) => {
    const house = shared();
    const account = house.add();
    const key = await enrolTotp(house, account.id);
    house.people.set(account.id, { ...account, state });
    expect(await check(house, account.id, codeNow(house, key))).toEqual({ kind: 'refused' });
    expect(await house.one.totp.beginEnrolment(account.id)).toBeUndefined();
    house.people.set(account.id, account);
    expect(await check(house, account.id, codeNow(house, key))).toEqual({ kind: 'proven' });
  });
});

describe('recovery codes', () => {
  test('are ten, are good once each however they are typed, and are no more when new ones are made', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const codes = (await house.one.recoveryCodes.renew(accountId, ACTOR)) ?? [];
    expect(new Set(codes).size).toBe(10);
    const [first = '', second = '', third = ''] = codes;
    const check = (code: string): Promise<FactorOutcome> =>
      house.one.recoveryCodes.check({ accountId, code, origin: ORIGIN });
    const sloppy = ` ${first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(await check(sloppy)).toEqual({ kind: 'proven', left: 9 });
    expect(await check(first)).toEqual({ kind: 'refused' });
    expect(await check(second)).toEqual({ kind: 'proven', left: 8 });
    await house.one.recoveryCodes.renew(accountId, ACTOR);
    expect(await check(third)).toEqual({ kind: 'refused' });
    expect(await house.one.recoveryCodes.left(accountId)).toBe(10);
    expect(await house.one.recoveryCodes.remove(accountId, ACTOR)).toBe(true);
    expect(await house.one.recoveryCodes.remove(accountId, ACTOR)).toBe(false);
    const events = await house.events(accountId);
    expect(events.map(({ type, reason }) => [type, reason])).toEqual([
      ['factor.added', undefined],
      ['factor.used', undefined],
      ['factor.failed', 'used'],
      ['factor.used', undefined],
      ['factor.added', undefined],
      ['factor.failed', 'credentials'],
      ['factor.removed', undefined],
    ]);
  });

  test('of one person are no codes of another', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    await house.one.recoveryCodes.renew(alice, ACTOR);
    const [code = ''] = (await house.one.recoveryCodes.renew(mallory, ACTOR)) ?? [];
    const attempt = { accountId: alice, code, origin: ORIGIN };
    expect(await house.one.recoveryCodes.check(attempt)).toEqual({ kind: 'refused' });
  });

  test.each(STATES)('are good for nobody whose account is %s', async (state) => {
    const house = shared();
    const account = house.add();
    const [code = ''] = (await house.one.recoveryCodes.renew(account.id, ACTOR)) ?? [];
    house.people.set(account.id, { ...account, state });
    const attempt = { accountId: account.id, code, origin: ORIGIN };
    expect(await house.one.recoveryCodes.check(attempt)).toEqual({ kind: 'refused' });
    expect(await house.one.recoveryCodes.renew(account.id, ACTOR)).toBeUndefined();
    expect(await house.one.recoveryCodes.left(account.id)).toBe(10);
  });

  test('a code that could not be looked up because records were away is no guess', async () => {
    const house = await openEmbeddedFactors({ strangers: 3, perPath: 3 });
    const { id: accountId } = house.add();
    const [code = ''] = (await house.one.recoveryCodes.renew(accountId, ACTOR)) ?? [];
    const away = await openFactors({
      open: async () => ({
        state: house.state,
        records: { ...house.records, first: () => Promise.reject(new Error('away')) },
      }),
    });
    const attempt = { accountId, code, origin: ORIGIN };
    for (let round = 0; round < 5; round += 1) {
      await expect(away.one.recoveryCodes.check(attempt)).rejects.toThrow('away');
    }
    expect(await house.one.recoveryCodes.check(attempt)).toMatchObject({ kind: 'proven' });
  });
});

describe('codes by e-mail', () => {
  type Issued = Extract<
    Awaited<ReturnType<FactorHouse['one']['emailCodes']['issue']>>,
    { kind: 'issued' }
  >;

  async function issue(
    house: FactorHouse,
    accountId: string,
    flowId = randomId(),
  ): Promise<Issued & { flowId: string }> {
    const issued = await house.one.emailCodes.issue({ flowId, accountId, origin: ORIGIN });
    if (issued.kind !== 'issued') throw new Error('too many codes');
    return { ...issued, flowId };
  }

  test('are six digits, good once, in their flow and for their account alone', async () => {
    const house = shared();
    const [accountId, another] = [house.add().id, house.add().id];
    const { code, flowId, lifetimeSeconds } = await issue(house, accountId);
    expect(code).toMatch(/^\d{6}$/u);
    expect(lifetimeSeconds).toBe(600);
    const check = (more: object): Promise<FactorOutcome> =>
      house.other.emailCodes.check({ flowId, accountId, code, origin: ORIGIN, ...more });
    expect(await check({ flowId: 'another' })).toEqual({ kind: 'refused' });
    expect(await check({ accountId: another })).toEqual({ kind: 'refused' });
    expect(await check({ code: ` ${code.slice(0, 3)} ${code.slice(3)}` })).toEqual({
      kind: 'proven',
    });
    expect(await check({})).toEqual({ kind: 'refused' });
  });

  test('the link shows the code as often as it is opened, and uses nothing up', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const { code, linkToken, flowId } = await issue(house, accountId);
    for (let round = 0; round < 12; round += 1) {
      expect(await house.other.emailCodes.reveal(linkToken)).toEqual({ code });
    }
    const changed = linkToken.replace(/.$/u, (last) => (last === 'A' ? 'B' : 'A'));
    for (const token of [changed, '', 'x', linkToken.slice(1), `${linkToken}a`]) {
      expect(await house.one.emailCodes.reveal(token)).toBeUndefined();
    }
    const attempt = { flowId, accountId, code, origin: ORIGIN };
    expect(await house.one.emailCodes.check(attempt)).toEqual({ kind: 'proven' });
    expect(await house.one.emailCodes.reveal(linkToken)).toBeUndefined();
  });

  test('the next code of a flow ends the one before, and its link', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const first = await issue(house, accountId);
    const second = await issue(house, accountId, first.flowId);
    const attempt = { flowId: first.flowId, accountId, origin: ORIGIN };
    expect(await house.one.emailCodes.reveal(first.linkToken)).toBeUndefined();
    expect(await house.one.emailCodes.check({ ...attempt, code: first.code })).toEqual({
      kind: 'refused',
    });
    expect(await house.one.emailCodes.check({ ...attempt, code: second.code })).toEqual({
      kind: 'proven',
    });
  });

  test('one code puts up with five tries, made one by one or at once, and a new one has its own', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const { code, flowId } = await issue(house, accountId);
    const wrong = code === '000000' ? '000001' : '000000';
    const attempt = { flowId, accountId, origin: ORIGIN };
    await Promise.all(
      Array.from({ length: 5 }, () => house.one.emailCodes.check({ ...attempt, code: wrong })),
    );
    expect(await house.one.emailCodes.check({ ...attempt, code })).toEqual({ kind: 'refused' });
    expect((await house.events(accountId)).at(-1)).toMatchObject({ reason: 'exhausted' });
    const next = await issue(house, accountId, flowId);
    expect(await house.other.emailCodes.check({ ...attempt, code: next.code })).toEqual({
      kind: 'proven',
    });
  });

  test('are good for ten minutes', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const early = await issue(house, accountId);
    const late = await issue(house, accountId);
    house.clock.advance(599);
    const attempt = { accountId, origin: ORIGIN };
    expect(await house.one.emailCodes.check({ ...attempt, ...early })).toEqual({ kind: 'proven' });
    house.clock.advance(2);
    expect(await house.one.emailCodes.reveal(late.linkToken)).toBeUndefined();
    expect(await house.one.emailCodes.check({ ...attempt, ...late })).toEqual({ kind: 'refused' });
  });

  test('one address cannot have a person sent letters without end, and another still can', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    for (let round = 0; round < 5; round += 1) await issue(house, accountId);
    const ask = { flowId: 'x', accountId };
    expect(await house.one.emailCodes.issue({ ...ask, origin: ORIGIN })).toMatchObject({
      kind: 'throttled',
    });
    const origin = { address: '198.51.100.200' };
    expect(await house.one.emailCodes.issue({ ...ask, origin })).toMatchObject({ kind: 'issued' });
    house.clock.advance(901);
    expect(await house.one.emailCodes.issue({ ...ask, origin: ORIGIN })).toMatchObject({
      kind: 'issued',
    });
  });

  test('take the same steps for nobody, and prove nothing', async () => {
    const house = shared();
    const { code, linkToken, flowId } = await issue(house, 'nobody');
    expect(await house.one.emailCodes.reveal(linkToken)).toEqual({ code });
    const attempt = { flowId, accountId: 'nobody', code, origin: ORIGIN };
    expect(await house.one.emailCodes.check(attempt)).toEqual({ kind: 'refused' });
  });

  test('neither code nor link lies in the store', async () => {
    const place = await createEmbeddedPlace();
    const house = await openFactors(place);
    const { id: accountId } = house.add();
    const { code, linkToken } = await issue(house, accountId, 'flow-id-in-clear');
    const [flow = '', secret = ''] = linkToken.split('.');
    const kept = JSON.stringify(await house.state.get(`factors:email-code:${flow}`));
    expect(kept).toContain('EmailCode');
    expect(kept).not.toContain(code);
    const files = await Promise.all(
      [place.file, `${place.file}-wal`].map((file) => readFile(file, 'latin1')),
    );
    expect(files.join('')).toContain('EmailCode');
    expect(files.join('')).not.toContain(secret);
    expect(files.join('')).not.toContain('flow-id-in-clear');
    await place.close();
  });
});

describe('remembered devices', () => {
  test('are remembered for a while, for one account, by a token that lies nowhere', async () => {
    const house = shared();
    const [accountId, another] = [house.add().id, house.add().id];
    const { token = '', expiresAt } =
      (await house.one.devices.remember({ accountId, origin: ORIGIN })) ?? {};
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(expiresAt).toBe(house.clock.now() + 30 * 86_400);
    expect(await house.other.devices.isRemembered(accountId, token)).toBe(true);
    expect(await house.other.devices.isRemembered(another, token)).toBe(false);
    expect(await house.other.devices.isRemembered(accountId, `${token}a`)).toBe(false);
    const { records } = house;
    const rows = await records.all(records.queries.selectFrom('remembered_device').selectAll());
    expect(JSON.stringify(rows)).not.toContain(token);
    house.clock.advance(2 * 86_400);
    await house.one.devices.isRemembered(accountId, token);
    expect(await house.one.devices.list(accountId)).toMatchObject([
      { userAgent: 'Firefox', lastUsedAt: house.clock.now() },
    ]);
    house.clock.advance(28 * 86_400);
    expect(await house.one.devices.isRemembered(accountId, token)).toBe(false);
    expect(await house.one.devices.list(accountId)).toEqual([]);
  });

  test('are forgotten one by one by their owner alone, or all at once', async () => {
    const house = shared();
    const [accountId, another] = [house.add().id, house.add().id];
    const ask = { accountId, origin: ORIGIN };
    const tokens: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      tokens.push((await house.one.devices.remember(ask))?.token ?? '');
      house.clock.advance(1);
    }
    const [last] = await house.one.devices.list(accountId);
    expect(await house.one.devices.forget(another, last?.id ?? '', ACTOR)).toBe(false);
    expect(await house.one.devices.forget(accountId, last?.id ?? '', ACTOR)).toBe(true);
    const known = await Promise.all(
      tokens.map((token) => house.one.devices.isRemembered(accountId, token)),
    );
    expect(known).toEqual([true, true, false]);
    expect(await house.one.devices.forgetAll(accountId, ACTOR)).toBe(2);
    expect(await house.one.devices.forgetAll(accountId, ACTOR)).toBe(0);
  });

  test('are fifty at most: the oldest gives way', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const ask = { accountId, origin: ORIGIN };
    const first = await house.one.devices.remember(ask);
    for (let count = 0; count < 50; count += 1) {
      house.clock.advance(1);
      await house.one.devices.remember(ask);
    }
    expect(await house.one.devices.list(accountId)).toHaveLength(50);
    expect(await house.one.devices.isRemembered(accountId, first?.token ?? '')).toBe(false);
  });

  test('are none where they are switched off, nor for whom is kept out', async () => {
    const house = shared();
    const account = house.add();
    const ask = { accountId: account.id, origin: ORIGIN };
    const { token = '' } = (await house.one.devices.remember(ask)) ?? {};
    const off = house.open({ rememberDevices: { enabled: false } });
    expect(await off.devices.remember(ask)).toBeUndefined();
    expect(await off.devices.isRemembered(account.id, token)).toBe(false);
    house.people.set(account.id, { ...account, state: 'locked' });
    expect(await house.one.devices.remember(ask)).toBeUndefined();
  });
});

test('no secret of any factor is in a log line, in the audit or in a table', async () => {
  const house = shared();
  const { one, records, state } = house;
  const { id: accountId } = house.add();
  const key = await enrolTotp(house, accountId);
  const totpCode = codeNow(house, key);
  const codes = (await one.recoveryCodes.renew(accountId, ACTOR)) ?? [];
  const device = await one.devices.remember({ accountId, origin: ORIGIN });
  const ask = { flowId: randomId(), accountId, origin: ORIGIN };
  const issued = await one.emailCodes.issue(ask);
  if (issued.kind !== 'issued') throw new Error('too many codes');
  await one.totp.check({ accountId, code: totpCode, origin: ORIGIN });
  await one.recoveryCodes.check({ accountId, code: codes[0] ?? '', origin: ORIGIN });
  await one.recoveryCodes.check({ accountId, code: 'typed-something', origin: ORIGIN });
  await one.emailCodes.check({ ...ask, code: issued.code });
  const tables = ['totp', 'recovery_code', 'remembered_device', 'audit'] as const;
  const rows = await Promise.all(
    tables.map((table) => records.all(records.queries.selectFrom(table).selectAll())),
  );
  const [flow = '', linkSecret = ''] = issued.linkToken.split('.');
  const kept = await state.get(`factors:email-code:${flow}`);
  const everything = JSON.stringify([house.lines, rows, kept]);
  expect(everything).toContain(accountId);
  const secrets = [key.replaceAll(' ', ''), ...codes, device?.token ?? '', linkSecret];
  for (const secret of [
    ...secrets,
    'typed-something',
    ...codes.map((code) => code.replaceAll('-', '')),
  ]) {
    expect(secret.length).toBeGreaterThan(10);
    expect(everything).not.toContain(secret);
  }
});

test('of somebody unknown there is nothing to tell', async () => {
  expect(await shared().one.of('nobody')).toBeUndefined();
});

test('an address that was not verified is sent no codes', async () => {
  const house = shared();
  const { id } = house.add({ emailVerified: false, hasPassword: false });
  expect(await house.one.of(id)).toMatchObject({ verifiedEmail: undefined, password: false });
});
