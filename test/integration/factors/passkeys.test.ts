import { describe, expect, test } from 'vitest';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { FactorOutcome } from '../../../src/factors/factors.ts';
import type { PasskeyChallenge, PasskeyProven, Passkeys } from '../../../src/factors/passkeys.ts';
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
  type Tampering,
} from '../../support/software-authenticator.ts';
import {
  ACTOR,
  ISSUER,
  openEmbeddedFactors,
  ORIGIN,
  sharedFactors,
  type FactorHouse,
} from './fixture.ts';

interface Check {
  readonly tampering?: Tampering;
  readonly accountId?: string;
  readonly userVerification?: 'required' | 'preferred' | 'discouraged';
  readonly origin?: { readonly address: string };
  readonly challenge?: string;
}

/** One use of a passkey from the question to the verdict. */
async function check(
  { one }: FactorHouse,
  authenticator: SoftwareAuthenticator,
  { tampering, accountId, userVerification = 'required', origin = ORIGIN, challenge }: Check = {},
): Promise<FactorOutcome<PasskeyProven>> {
  const asked = await one.passkeys.beginCheck({ accountId, userVerification });
  const response = authenticator.get(asked.options, tampering);
  return await one.passkeys.finishCheck({
    accountId,
    userVerification,
    origin,
    challenge: challenge ?? asked.challenge,
    response,
  });
}

/** One try to enrol a passkey. */
async function enrolment(
  { one }: FactorHouse,
  accountId: string,
  tampering: Tampering = {},
  options: Partial<SoftwareAuthenticatorOptions> = {},
): ReturnType<Passkeys['finishEnrolment']> {
  const asked = await one.passkeys.beginEnrolment(accountId);
  const authenticator = createSoftwareAuthenticator({ origin: ISSUER, ...options });
  return await one.passkeys.finishEnrolment({
    accountId,
    challenge: asked?.challenge ?? '',
    response: authenticator.create(asked?.options, tampering),
    actor: ACTOR,
  });
}

const shared = sharedFactors();

const flip = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

async function failures({ records }: FactorHouse): Promise<number> {
  return (await listAudit(records, { type: 'factor.failed', limit: 1000 })).length;
}

function userHandleIn(asked: PasskeyChallenge | undefined): string {
  return String(Object(asked?.options['user']).id);
}

describe('signing in with a passkey', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'a passkey with %s says who somebody is, without a name that was typed',
    async (algorithm) => {
      const house = shared();
      const { id: accountId } = house.add();
      const authenticator = await house.enrol(accountId, { algorithm });
      expect(await check(house, authenticator)).toEqual({
        kind: 'proven',
        accountId,
        passkeyId: authenticator.id,
        userVerified: true,
      });
      expect(await house.one.passkeys.list(accountId)).toMatchObject([
        { id: authenticator.id, lastUsedAt: house.clock.now() },
      ]);
    },
  );

  const refused: Readonly<Record<string, Tampering>> = {
    'another origin': { origin: 'https://id.example.com.evil.test' },
    'the same host on another port': { origin: `${ISSUER}:8443` },
    'the origin in http': { origin: 'http://id.example.com' },
    'another RP ID': { rpId: 'evil.test' },
    'a challenge of its own': { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    'the answer of an enrolment': { type: 'webauthn.create' },
    'a payment': { type: 'payment.get' },
    'a user that was not verified where that was required': { userVerified: false },
    'no user present': { userPresent: false },
    'a frame of another site': { clientData: { crossOrigin: true } },
    'a frame of a site that it names': {
      clientData: { crossOrigin: true, topOrigin: 'https://evil.test' },
    },
    'a site on top without a frame': { clientData: { topOrigin: 'https://evil.test' } },
    'a user handle of nobody': { userHandle: 'AAAA' },
    'no user handle where nobody was named': { userHandle: null },
    'a signature that was changed': { signature: (bytes) => flip(bytes, bytes.length - 1) },
    'no signature': { signature: () => Buffer.alloc(0) },
    'authenticator data that was cut': { authenticatorData: (bytes) => bytes.subarray(0, 36) },
    'authenticator data with more behind it': {
      authenticatorData: (bytes) => Buffer.concat([bytes, Buffer.from([1])]),
    },
  };
  test.each(Object.entries(refused))('%s is refused', async (_what, tampering) => {
    const house = shared();
    const { id: accountId } = house.add();
    const authenticator = await house.enrol(accountId);
    const before = await failures(house);
    expect(await check(house, authenticator, { tampering })).toEqual({ kind: 'refused' });
    expect(await failures(house)).toBe(before + 1);
    expect(await house.one.passkeys.list(accountId)).toMatchObject([{ lastUsedAt: undefined }]);
    // The same passkey is good when nothing is wrong.
    expect(await check(house, authenticator)).toMatchObject({ kind: 'proven', accountId });
  });

  test('data that were changed after they were signed are refused', async () => {
    const house = shared();
    const authenticator = await house.enrol(house.add().id);
    const { options, challenge } = await house.one.passkeys.beginCheck({
      userVerification: 'preferred',
    });
    const answer = authenticator.get(options, { userVerified: false }) as {
      response: Record<string, string>;
    };
    const data = Buffer.from(answer.response['authenticatorData'] ?? '', 'base64url');
    data[32] = (data[32] ?? 0) | 4;
    const response = {
      ...answer,
      response: { ...answer.response, authenticatorData: data.toString('base64url') },
    };
    const ask = { userVerification: 'required', origin: ORIGIN, challenge, response } as const;
    expect(await house.one.passkeys.finishCheck(ask)).toEqual({ kind: 'refused' });
  });

  test('an answer to one challenge is none to the next', async () => {
    const house = shared();
    const authenticator = await house.enrol(house.add().id, { isSynced: true });
    const first = await house.one.passkeys.beginCheck({ userVerification: 'required' });
    const second = await house.one.passkeys.beginCheck({ userVerification: 'required' });
    expect(first.challenge).not.toBe(second.challenge);
    const response = authenticator.get(first.options);
    const ask = { userVerification: 'required', origin: ORIGIN, response } as const;
    expect(await house.one.passkeys.finishCheck({ ...ask, challenge: second.challenge })).toEqual({
      kind: 'refused',
    });
  });

  test('a counter that goes back or stands still is refused, told and put on record', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const authenticator = await house.enrol(accountId);
    expect(await check(house, authenticator, { tampering: { counter: 7 } })).toMatchObject({
      kind: 'proven',
    });
    for (const counter of [7, 6, 0]) {
      expect(await check(house, authenticator, { tampering: { counter } })).toEqual({
        kind: 'refused',
      });
    }
    expect(await check(house, authenticator, { tampering: { counter: 8 } })).toMatchObject({
      kind: 'proven',
    });
    const failed = (await house.events(accountId)).filter(({ type }) => type === 'factor.failed');
    expect(failed.map(({ reason }) => reason)).toEqual(['cloned', 'cloned', 'cloned']);
    expect(failed[0]).toMatchObject({ accountId, factor: 'passkey' });
    expect(house.lines.map(({ fields }) => fields.event)).toContain('passkey.cloned');
  });

  test('a passkey that does not count is good again and again', async () => {
    const house = shared();
    const authenticator = await house.enrol(house.add().id, { isSynced: true });
    for (let round = 0; round < 3; round += 1) {
      expect(await check(house, authenticator)).toMatchObject({ kind: 'proven' });
    }
  });

  test('the passkey of another person is no second factor', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    await house.enrol(alice);
    const foreign = await house.enrol(mallory);
    expect(await check(house, foreign, { accountId: alice })).toEqual({ kind: 'refused' });
    expect(await check(house, foreign, { accountId: mallory })).toMatchObject({ kind: 'proven' });
  });

  test('a passkey with the user handle of another person is refused', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    await house.enrol(alice);
    const theirs = await house.enrol(mallory);
    const asked = await house.one.passkeys.beginEnrolment(alice);
    const tampering = { userHandle: userHandleIn(asked) };
    expect(await check(house, theirs, { tampering })).toEqual({ kind: 'refused' });
    expect(await check(house, theirs, { tampering, accountId: mallory })).toEqual({
      kind: 'refused',
    });
  });

  test('a security key that keeps no name is a second factor of whom it belongs to', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const authenticator = await house.enrol(accountId);
    const tampering = { userHandle: null, userVerified: false };
    const asked = { accountId, tampering, userVerification: 'discouraged' } as const;
    expect(await check(house, authenticator, asked)).toMatchObject({
      kind: 'proven',
      userVerified: false,
    });
  });

  test('whether the user was verified is said where it was not required', async () => {
    const house = shared();
    const authenticator = await house.enrol(house.add().id);
    for (const userVerified of [true, false]) {
      const tampering = { userVerified };
      expect(
        await check(house, authenticator, { tampering, userVerification: 'preferred' }),
      ).toMatchObject({ kind: 'proven', userVerified });
    }
  });

  test.each(['disabled', 'locked', 'expired'] as const)(
    'nobody whose account is %s gets in or enrols anything',
    async (state) => {
      const house = shared();
      const account = house.add();
      const authenticator = await house.enrol(account.id);
      house.people.set(account.id, { ...account, state });
      expect(await check(house, authenticator)).toEqual({ kind: 'refused' });
      expect(await house.one.passkeys.beginEnrolment(account.id)).toBeUndefined();
      expect((await house.events(account.id)).at(-1)).toMatchObject({ reason: 'disabled' });
    },
  );

  test('a passkey that was removed, and what is no answer at all, are refused', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const authenticator = await house.enrol(accountId);
    expect(await house.one.passkeys.remove('another', authenticator.id, ACTOR)).toBe(false);
    expect(await house.one.passkeys.remove(accountId, authenticator.id, ACTOR)).toBe(true);
    expect(await check(house, authenticator)).toEqual({ kind: 'refused' });
    for (const response of [undefined, null, '', [], { id: 1 }, { id: 'a', response: {} }]) {
      const ask = { userVerification: 'required', origin: ORIGIN, challenge: 'x' } as const;
      expect(await house.one.passkeys.finishCheck({ ...ask, response })).toEqual({
        kind: 'refused',
      });
    }
  });

  test('an address that only fails is put off, said once on record, and others are not', async () => {
    const house = await openEmbeddedFactors({ perAddress: 3 });
    const { id: accountId } = house.add();
    const authenticator = await house.enrol(accountId);
    const tampering = { signature: () => Buffer.from([1]) };
    for (let round = 0; round < 3; round += 1) await check(house, authenticator, { tampering });
    for (let round = 0; round < 3; round += 1) {
      expect(await check(house, authenticator)).toMatchObject({ kind: 'throttled' });
    }
    const origin = { address: '192.0.2.99' };
    expect(await check(house, authenticator, { origin })).toMatchObject({ kind: 'proven' });
    const events = await listAudit(house.records, { limit: 100 });
    const types = events.map(({ event }) => Object(event).type);
    expect(types.filter((type) => type === 'factor.locked')).toHaveLength(1);
  });
});

describe('enrolling a passkey', () => {
  test('the browser is asked for what may be signed in with, and told what is there already', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const first = await house.enrol(accountId);
    const asked = await house.one.passkeys.beginEnrolment(accountId);
    expect(asked?.options).toMatchObject({
      rp: { id: 'id.example.com', name: 'Example & Co' },
      user: { name: 'alice@example.com', displayName: 'Alice' },
      attestation: 'none',
      excludeCredentials: [
        { id: first.id, type: 'public-key', transports: ['internal', 'hybrid'] },
      ],
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' })),
    });
  });

  test('authenticators know a person by one random name that says nothing of them', async () => {
    const house = shared();
    const { id } = house.add({ id: 'alice' });
    const handleOf = async (node: typeof house.one): Promise<string> => {
      return userHandleIn(await node.passkeys.beginEnrolment(id));
    };
    const handle = await handleOf(house.one);
    expect(await handleOf(house.other)).toBe(handle);
    expect(Buffer.from(handle, 'base64url')).toHaveLength(32);
  });

  const refused: Readonly<
    Record<string, readonly [Tampering, Partial<SoftwareAuthenticatorOptions>?]>
  > = {
    'another origin': [{ origin: 'https://evil.test' }],
    'another RP ID': [{ rpId: 'evil.test' }],
    'another challenge': [{ challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    'the answer of a sign-in': [{ type: 'webauthn.get' }],
    'no user present': [{ userPresent: false }],
    'a frame of another site': [{ clientData: { crossOrigin: true } }],
    'an algorithm that is not on the list': [{}, { algorithm: 'ES384' }],
    'data that were cut': [{ authenticatorData: (bytes) => bytes.subarray(0, 60) }],
    'an attestation that nobody asked for': [
      { attestation: { fmt: 'apple', attStmt: { x5c: [Buffer.from('30', 'hex')] } } },
    ],
    'an attestation with certificates': [
      {
        attestation: {
          fmt: 'packed',
          attStmt: { alg: -7, sig: Buffer.alloc(8), x5c: [Buffer.alloc(9)] },
        },
      },
    ],
  };
  test.each(Object.entries(refused))('%s is refused', async (_what, [tampering, options]) => {
    const house = shared();
    const { id: accountId } = house.add();
    expect(await enrolment(house, accountId, tampering, options)).toBeUndefined();
    expect(await house.one.passkeys.list(accountId)).toEqual([]);
    expect(await house.events(accountId)).toEqual([]);
    expect(await enrolment(house, accountId)).toMatchObject({ name: 'Passkey' });
  });

  test('a passkey of one person cannot be enrolled for another, nor twice', async () => {
    const house = shared();
    const [alice, mallory] = [house.add().id, house.add().id];
    const authenticator = await house.enrol(alice);
    for (const accountId of [mallory, alice]) {
      const asked = await house.one.passkeys.beginEnrolment(accountId);
      const { challenge = '', options } = asked ?? {};
      const response = authenticator.create(options);
      const answer = { accountId, challenge, response, actor: ACTOR };
      expect(await house.one.passkeys.finishEnrolment(answer)).toBeUndefined();
    }
    expect(await house.one.passkeys.list(mallory)).toEqual([]);
    expect(await house.one.passkeys.list(alice)).toHaveLength(1);
  });

  test('a passkey is called by what made it until its owner calls it otherwise', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const aaguid = 'fbfc3007154e4ecc8c0b6e020557d7bd';
    const made = await enrolment(house, accountId, {}, { aaguid, isSynced: true });
    expect(made).toMatchObject({
      name: 'iCloud Keychain',
      device: { name: 'iCloud Keychain', picture: 'phone' },
      backup: 'made',
      transports: ['internal', 'hybrid'],
    });
    const id = made?.id ?? '';
    for (const name of ['', '   ', 'x'.repeat(61), 'a\u202Eb', 'a\nb']) {
      expect(await house.one.passkeys.rename(accountId, id, name)).toBe(false);
    }
    expect(await house.one.passkeys.rename('another', id, 'Phone')).toBe(false);
    expect(await house.one.passkeys.rename(accountId, id, ' My phone ')).toBe(true);
    expect(await house.one.passkeys.list(accountId)).toMatchObject([{ name: 'My phone' }]);
  });

  test('nobody collects passkeys without end', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    for (let count = 0; count < 30; count += 1) await house.enrol(accountId);
    expect(await house.one.passkeys.beginEnrolment(accountId)).toBeUndefined();
  });

  test('where the issuer is an address there are no passkeys', async () => {
    const house = shared();
    const node = house.open({}, { issuer: 'http://127.0.0.1:4000' });
    expect(node.passkeys.available).toBe(false);
    expect(await node.passkeys.beginEnrolment(house.add().id)).toBeUndefined();
    expect(house.one.passkeys.available).toBe(true);
  });

  test('a domain above the issuer, and another origin within it, are taken where they are set', async () => {
    const house = shared();
    const { id: accountId } = house.add();
    const shop = 'https://shop.example.com';
    const { passkeys } = house.open({ passkeys: { rpId: 'example.com', origins: [shop] } });
    const asked = await passkeys.beginEnrolment(accountId);
    const authenticator = createSoftwareAuthenticator({ origin: shop });
    const response = authenticator.create(asked?.options);
    const { challenge = '' } = asked ?? {};
    const made = await passkeys.finishEnrolment({ accountId, challenge, response, actor: ACTOR });
    expect(made).toBeDefined();
    const next = await passkeys.beginCheck({ userVerification: 'required' });
    const ask = { userVerification: 'required', origin: ORIGIN } as const;
    expect(
      await passkeys.finishCheck({
        ...ask,
        challenge: next.challenge,
        response: authenticator.get(next.options),
      }),
    ).toMatchObject({ kind: 'proven' });
  });
});
