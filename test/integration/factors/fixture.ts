import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Account } from '../../../src/accounts/accounts.ts';
import { signInConfig, type SignInSettings } from '../../../src/accounts/config.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import { factorsConfig } from '../../../src/factors/config.ts';
import { createFactors } from '../../../src/factors/create-factors.ts';
import type { Factors } from '../../../src/factors/factors.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { createSealer, type Sealer } from '../../../src/runtime/sealing.ts';
import type { Records } from '../../../src/storage/records.ts';
import type { State } from '../../../src/storage/state.ts';
import { createEmbeddedPlace } from '../../support/embedded-file.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger, type LogLine } from '../../support/recording-logger.ts';
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
} from '../../support/software-authenticator.ts';

export const ISSUER = 'https://id.example.com';
export const ORIGIN = { address: '192.0.2.1', userAgent: 'Firefox' };
export const ACTOR = { by: 'self', origin: ORIGIN };

/** Stores of one installation, opened anew for each node. */
export interface Place {
  /** By which the stores go, where they go by one that can be moved. */
  readonly clock?: FakeClock;
  open(): Promise<{ readonly state: State; readonly records: Records }>;
}

/** Two nodes of one installation, each with connections of its own. */
export interface FactorHouse {
  readonly one: Factors;
  readonly other: Factors;
  readonly records: Records;
  readonly state: State;
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  /** People that there are; a test may change them. */
  readonly people: Map<string, Account>;
  /** Somebody new. */
  add(more?: Partial<Account>): Account;
  /** A node with other settings or keys over the same stores. */
  open(
    settings?: Parameters<typeof factorsConfig.parse>[0],
    more?: { readonly sealer?: Sealer; readonly issuer?: string },
  ): Factors;
  /** Events on record about somebody, oldest first. */
  events(accountId: string): Promise<readonly Record<string, unknown>[]>;
  /** A passkey of somebody, made and enrolled. */
  enrol(
    accountId: string,
    options?: Partial<SoftwareAuthenticatorOptions>,
  ): Promise<SoftwareAuthenticator>;
}

export const MASTER_KEY = new Uint8Array(32).fill(7);

/** Does `close` when the test, or the file, is over. */
export type AtEnd = (close: () => Promise<void>) => void;

/** With the limits on guessing by default, or with others. */
export async function openFactors(
  place: Place,
  limits: Partial<SignInSettings['limits']> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<FactorHouse> {
  const { clock = createFakeClock() } = place;
  const { logger, lines } = createRecordingLogger();
  const people = new Map<string, Account>();
  const accounts = { find: async (id: string) => people.get(id) };
  const stores = await place.open();
  await stores.records.migrate();
  const others = await place.open();
  const open = (
    { state, records }: typeof stores,
    settings: Parameters<FactorHouse['open']>[0] = {},
    more: Parameters<FactorHouse['open']>[1] = {},
  ): Factors => {
    const audit = createAudit({
      records,
      clock,
      logger,
      node: randomId(),
      settings: auditConfig.parse({}),
    });
    atEnd(() => audit.close());
    return createFactors({
      state,
      records,
      clock,
      logger,
      audit,
      accounts,
      sealer: createSealer([MASTER_KEY]),
      settings: factorsConfig.parse(settings),
      limits: { ...signInConfig.parse({}).limits, ...limits },
      issuer: ISSUER,
      installationName: 'Example & Co',
      ...more,
    });
  };
  const one = open(stores);
  return {
    one,
    other: open(others),
    ...stores,
    clock,
    lines,
    people,
    open: (settings, more) => open(stores, settings, more),
    add(more = {}) {
      const account: Account = {
        id: randomId(),
        username: undefined,
        email: 'alice@example.com',
        emailVerified: true,
        phone: undefined,
        claims: { name: 'Alice' },
        attributes: {},
        owner: false,
        state: 'active',
        expiresAt: undefined,
        hasPassword: true,
        mustChangePassword: false,
        terms: undefined,
        createdAt: clock.now(),
        updatedAt: clock.now(),
        ...more,
      };
      people.set(account.id, account);
      return account;
    },
    async events(accountId) {
      const listed = await listAudit(stores.records, { accountId, limit: 1000 });
      return listed
        .toSorted((left, right) => left.at - right.at || left.number - right.number)
        .map(({ event }) => ({ ...Object(event) }));
    },
    async enrol(accountId, options = {}) {
      const authenticator = createSoftwareAuthenticator({ origin: ISSUER, ...options });
      const asked = await one.passkeys.beginEnrolment(accountId);
      if (asked === undefined) throw new Error('nobody who may enrol');
      const response = authenticator.create(asked.options);
      const { challenge } = asked;
      const made = await one.passkeys.finishEnrolment({
        accountId,
        challenge,
        response,
        actor: ACTOR,
      });
      if (made === undefined) throw new Error('the passkey was refused');
      return authenticator;
    },
  };
}

/** An installation on an embedded file of its own. */
export async function openEmbeddedFactors(
  limits?: Parameters<typeof openFactors>[1],
  atEnd: AtEnd = onTestFinished,
): Promise<FactorHouse> {
  const place = await createEmbeddedPlace();
  atEnd(() => place.close());
  return await openFactors(place, limits, atEnd);
}

/** An embedded installation that all tests of a file share, each with people of its own. */
export function sharedFactors(): () => FactorHouse {
  const closers: (() => Promise<void>)[] = [];
  let house: FactorHouse | undefined;
  beforeAll(async () => {
    house = await openEmbeddedFactors({ perAddress: 100_000 }, (close) => void closers.push(close));
  });
  afterAll(async () => {
    for (const close of closers.toReversed()) await close();
  });
  return () => {
    if (house === undefined) throw new Error('the house opens before the tests');
    return house;
  };
}

/** The code that an app shows for `key` now, or `steps` later. */
export function codeNow({ clock }: Pick<FactorHouse, 'clock'>, key: string, steps = 0): string {
  const secret = Secret.fromBase32(key.replaceAll(' ', ''));
  return new TOTP({ secret }).generate({ timestamp: clock.nowMs() + steps * 30_000 });
}

/** Sets up an app and lets its code go by. Gives the key. */
export async function enrolTotp(house: FactorHouse, accountId: string): Promise<string> {
  const begun = await house.one.totp.beginEnrolment(accountId);
  if (begun === undefined) throw new Error('nobody who may enrol');
  const answer = { accountId, sealed: begun.sealed, code: codeNow(house, begun.key), actor: ACTOR };
  if (!(await house.one.totp.finishEnrolment(answer))) throw new Error('the code was refused');
  house.clock.advance(60);
  return begun.key;
}
