import { describe, expect, test } from 'vitest';
import type { FactorOutcome } from '../../../src/factors/factors.ts';
import { deleteFactors, forgetDevices } from '../../../src/factors/account-statements.ts';
import {
  ACTOR,
  codeNow,
  enrolTotp,
  openFactors,
  ORIGIN,
  type FactorHouse,
  type Place,
} from './fixture.ts';

const PARALLEL = 64;
/** So that the limits on guessing are not what stops those that come too late. */
const GENEROUS = { strangers: 1000, acquaintances: 1000, perPath: 1000 };

function proven(outcomes: readonly FactorOutcome[]): number {
  return outcomes.filter(({ kind }) => kind === 'proven').length;
}

/** What the room promises on any stores. `create` gives an empty installation. */
export function describeFactors(name: string, create: () => Promise<Place>): void {
  const open = async (): Promise<FactorHouse> => openFactors(await create(), GENEROUS);

  describe(`on ${name}`, () => {
    test(`of ${PARALLEL} uses of one TOTP code at once on two nodes one succeeds`, async () => {
      const house = await open();
      const { id: accountId } = house.add();
      const key = await enrolTotp(house, accountId);
      const code = codeNow(house, key);
      const outcomes = await Promise.all(
        Array.from({ length: PARALLEL }, (_, index) =>
          (index % 2 ? house.one : house.other).totp.check({
            accountId,
            code,
            origin: ORIGIN,
          }),
        ),
      );
      expect(proven(outcomes)).toBe(1);
      house.clock.advance(30);
      const next = { accountId, code: codeNow(house, key), origin: ORIGIN };
      expect(await house.other.totp.check(next)).toEqual({ kind: 'proven' });
    });

    test(`of ${PARALLEL} uses of one recovery code at once on two nodes one succeeds`, async () => {
      const house = await open();
      const { id: accountId } = house.add();
      const [code = '', second = ''] =
        (await house.one.recoveryCodes.renew(accountId, ACTOR)) ?? [];
      const outcomes = await Promise.all(
        Array.from({ length: PARALLEL }, (_, index) =>
          (index % 2 ? house.one : house.other).recoveryCodes.check({
            accountId,
            code,
            origin: ORIGIN,
          }),
        ),
      );
      expect(proven(outcomes)).toBe(1);
      expect(await house.other.recoveryCodes.left(accountId)).toBe(9);
      expect(
        await house.other.recoveryCodes.check({ accountId, code: second, origin: ORIGIN }),
      ).toEqual({ kind: 'proven', left: 8 });
    });

    test('of many uses of one e-mail code at once on two nodes one succeeds', async () => {
      const house = await open();
      const { id: accountId } = house.add();
      const node = house.open({ emailCodes: { tries: 10 } });
      const ask = { flowId: 'flow', accountId, origin: ORIGIN };
      const issued = await node.emailCodes.issue(ask);
      if (issued.kind !== 'issued') throw new Error('not issued');
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? node : house.other).emailCodes.check({ ...ask, code: issued.code }),
        ),
      );
      expect(proven(outcomes)).toBe(1);
    });

    test('of many answers of a passkey with one counter at once one succeeds', async () => {
      const house = await open();
      const { id: accountId } = house.add();
      const authenticator = await house.enrol(accountId);
      const ask = { accountId, userVerification: 'required' } as const;
      const { options, challenge } = await house.one.passkeys.beginCheck(ask);
      const response = authenticator.get(options);
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          (index % 2 ? house.one : house.other).passkeys.finishCheck({
            ...ask,
            origin: ORIGIN,
            challenge,
            response,
          }),
        ),
      );
      expect(proven(outcomes)).toBe(1);
      expect(house.lines.filter(({ fields }) => fields.event === 'passkey.cloned')).toHaveLength(
        15,
      );
    });

    test('two sets of recovery codes that are made at once leave one of them good', async () => {
      const house = await open();
      const { id: accountId } = house.add();
      await house.one.recoveryCodes.renew(accountId, ACTOR);
      await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          (index % 2 ? house.one : house.other).recoveryCodes.renew(accountId, ACTOR),
        ),
      );
      expect(await house.one.recoveryCodes.left(accountId)).toBe(10);
    });

    test('a passkey, an app, codes and devices are kept, listed and taken away on either node', async () => {
      const house = await open();
      const { id: accountId } = house.add();
      const { id } = await house.enrol(accountId);
      await enrolTotp(house, accountId);
      await house.one.recoveryCodes.renew(accountId, ACTOR);
      const remembered = await house.one.devices.remember({ accountId, origin: ORIGIN });
      expect(await house.other.of(accountId)).toMatchObject({
        password: true,
        passkeys: [{ id }],
        totp: { lastUsedAt: undefined },
        recoveryCodes: 10,
        verifiedEmail: 'alice@example.com',
      });
      expect(await house.other.devices.isRemembered(accountId, remembered?.token ?? '')).toBe(true);
      expect(await house.other.removeAll(accountId, ACTOR)).toEqual([
        'passkey',
        'totp',
        'recovery_code',
        'remembered_device',
      ]);
      expect(await house.one.of(accountId)).toMatchObject({
        passkeys: [],
        totp: undefined,
        recoveryCodes: 0,
      });
      expect(await house.one.devices.isRemembered(accountId, remembered?.token ?? '')).toBe(false);
      expect(await house.one.removeAll(accountId, ACTOR)).toEqual([]);
    });

    test('with an account goes all that is theirs and nothing of anybody else', async () => {
      const house = await open();
      const { records } = house;
      const [gone, stays] = [house.add().id, house.add().id];
      for (const accountId of [gone, stays]) {
        await house.enrol(accountId);
        await enrolTotp(house, accountId);
        await house.one.recoveryCodes.renew(accountId, ACTOR);
        await house.one.devices.remember({ accountId, origin: ORIGIN });
      }
      await records.write(...deleteFactors(records.queries, gone));
      const tables = [
        'passkey',
        'totp',
        'recovery_code',
        'remembered_device',
        'factor_holder',
      ] as const;
      for (const table of tables) {
        const rows = await records.all(records.queries.selectFrom(table).select('account_id'));
        expect(new Set(rows.map(({ account_id: id }) => id))).toEqual(new Set([stays]));
      }
      await records.write(...forgetDevices(records.queries, stays));
      expect(await house.one.devices.list(stays)).toEqual([]);
    });
  });
}
