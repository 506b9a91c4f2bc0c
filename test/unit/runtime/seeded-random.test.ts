import { createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { newAccountId } from '../../../src/accounts/new-account.ts';
import { newClientId } from '../../../src/clients/new-client.ts';
import { newSecret } from '../../../src/clients/secrets.ts';
import { makeTemporaryPassword } from '../../../src/cognito/temporary-password.ts';
import { openSeed } from '../../../src/dev/open-seed.ts';
import { seedProblems } from '../../../src/dev/seed-problems.ts';
import { codeOf, newLinkSecret } from '../../../src/factors/email-code-record.ts';
import { newRecoveryCode } from '../../../src/factors/recovery-code-text.ts';
import { newSecret as newTotpSecret } from '../../../src/factors/totp-codes.ts';
import { beginSeed, randomFraction, randomId, randomUuid } from '../../../src/runtime/random.ts';
import { seededKey } from '../../../src/signing-keys/seeded-key.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';

const POLICY = { minimumLength: 12 };
let end = (): void => undefined;
function begin(seed: string): ReturnType<typeof beginSeed> {
  end();
  const begun = beginSeed(seed);
  end = begun.close;
  return begun;
}
afterEach(() => end());

const drawAll = (): readonly unknown[] => [
  newAccountId(),
  newClientId(),
  newSecret(),
  codeOf(newLinkSecret()),
  newRecoveryCode(),
  newTotpSecret(),
  makeTemporaryPassword(POLICY),
  randomUuid('user'),
  randomFraction('choice'),
];

test('the same seed draws the same, another seed something else, and no seed chance', () => {
  begin('shop');
  const first = drawAll();
  const then = drawAll();
  begin('shop');
  expect([drawAll(), drawAll()]).toEqual([first, then]);
  begin('warehouse');
  const others = drawAll();
  end();
  const chance = drawAll();
  for (const [index, value] of first.entries())
    expect(new Set([value, then[index], others[index], chance[index]]).size).toBe(4);
});

test('what is drawn for one purpose shifts no other, and without a purpose it is never foretold', () => {
  begin('shop');
  const code = randomId(32, 'code');
  const plain = randomId();
  begin('shop');
  randomId(40, 'account');
  expect(randomId()).not.toBe(plain);
  expect(randomId(32, 'code')).toBe(code);
});

test('a stream is the same in whatever portions it is drawn, and goes back to where it was', () => {
  const { positions, goTo } = begin('shop');
  const hex = (bytes: number): string =>
    Buffer.from(randomId(bytes, 'key'), 'base64url').toString('hex');
  const start = positions();
  const whole = hex(100);
  goTo(start);
  expect([1, 15, 16, 17, 51].map(hex).join('')).toBe(whole);
});

test('a UUID of the seed is of version 4', () => {
  begin('shop');
  expect(randomUuid('user')).toMatch(
    /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  );
});

test('a process has one seed', () => {
  begin('shop');
  expect(() => beginSeed('shop')).toThrow(/has a seed already/);
});

describe('a key of the seed', () => {
  test.each(['RS256', 'PS256', 'RSA-OAEP-256', 'ES256', 'ECDH-ES', 'EdDSA'] as const)(
    'of %s signs, and is the same again',
    async (algorithm) => {
      const [one, again, other] = await Promise.all(
        ['shop', 'shop', 'warehouse'].map((seed) => seededKey(algorithm, Buffer.from(seed))),
      );
      if (!one || !again || !other) throw new TypeError('three keys');
      const digest = algorithm === 'EdDSA' ? null : 'sha256';
      const data = Buffer.from('data');
      expect(verify(digest, data, createPublicKey(again), sign(digest, data, one))).toBe(true);
      expect(again.equals(one)).toBe(true);
      expect(other.equals(one)).toBe(false);
      const { modulusLength, publicExponent } = one.asymmetricKeyDetails ?? {};
      if (one.asymmetricKeyType === 'rsa')
        expect([modulusLength, publicExponent]).toEqual([2048, 65_537n]);
    },
  );
});

describe('a seed of the dev profile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-seed-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const settings = (changes: object): Parameters<typeof openSeed>[0] => ({
    profile: 'dev',
    dev: { seed: 'shop' },
    storage: { embedded: { file: join(folder, 'latchkey.sqlite') } },
    signingKeys: { folder: 'keys' },
    ...changes,
  });

  test.each([
    ['embedded', 'embedded', []],
    ['redis', 'embedded', ['dev.seed']],
    ['embedded', 'postgres', ['dev.seed']],
  ])('with state on %s and records on %s: %j', (state, records, problems) => {
    const storage = { state: { engine: state }, records: { engine: records } };
    const found = seedProblems({ dev: { seed: 'shop' }, storage });
    expect(found.map(({ path }) => path.join('.'))).toEqual(problems);
    expect(seedProblems({ dev: {}, storage })).toEqual([]);
  });

  test('is told loudly, and refused where ids of another run lie', () => {
    const { logger, lines } = createRecordingLogger();
    const opened = openSeed(settings({}), logger);
    opened?.close();
    expect(lines.map(({ level, fields }) => [level, fields['event']])).toEqual([
      ['warn', 'node.seeded'],
    ]);
    expect(openSeed(settings({ dev: {} }), logger)).toBeUndefined();
    expect(openSeed(settings({ profile: 'production' }), logger)).toBeUndefined();
    writeFileSync(join(folder, 'latchkey.sqlite'), '');
    expect(() => openSeed(settings({}), logger)).toThrow(/has data already.*remove it and keys/);
  });
});
