import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { standingsOf } from '../../../src/signing-keys/key-set.ts';
import { openSealer } from '../../../src/signing-keys/master-key.ts';
import type { SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { openHouse, phases, signerOf, type House } from './house.ts';

const DATA = Buffer.from('header.payload', 'utf8');
const DAY = 86_400;
/** jwksMaxAge, clockTolerance, and the seconds within which nodes hear. */
const KNOWN_AFTER = 900 + 60 + 5;

let house: House;
let node: SigningKeys;
beforeEach(async () => {
  house = await openHouse();
  node = await house.openNode();
});
afterEach(() => house.close());

const pem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();

describe('an order to rotate', () => {
  test('waits until every verifier can know the next key, and says how long', async () => {
    const first = signerOf(node)?.kid;
    const [rotation] = await (await house.administer()).rotateNow({ immediately: false });
    expect(rotation).toMatchObject({ algorithm: 'ES256', waitSeconds: KNOWN_AFTER });
    await expect
      .poll(() => phases(node))
      .toEqual([`${first} signing`, `${rotation?.kid} published`]);
    house.clock.advance(KNOWN_AFTER - 1);
    expect(signerOf(node)?.kid).toBe(first);
    house.clock.advance(1);
    expect(signerOf(node)?.kid).toBe(rotation?.kid);
  });

  test('calls a key that has been published for long within a minute', async () => {
    house.clock.advance(29 * DAY);
    await expect.poll(() => phases(node).length).toBe(2);
    house.clock.advance(3600);
    const [rotation] = await (await house.administer()).rotateNow({ immediately: false });
    expect(rotation).toMatchObject({ kid: node.current().keys[1]?.kid, waitSeconds: 65 });
  });

  test('given twice is carried out once', async () => {
    const administration = await house.administer();
    const once = await administration.rotateNow({ immediately: false });
    expect(await administration.rotateNow({ immediately: false })).toEqual(once);
  });

  test('may cut the wait short', async () => {
    const first = signerOf(node)?.kid;
    const administration = await house.administer();
    await administration.rotateNow({ immediately: false });
    const [rotation] = await administration.rotateNow({ immediately: true });
    expect(rotation?.waitSeconds).toBe(0);
    await expect
      .poll(() => phases(node))
      .toEqual([`${rotation?.kid} signing`, `${first} verifying`]);
    expect(house.events.at(-1)).toMatchObject({
      type: 'key.rotated',
      kid: rotation?.kid,
      immediately: true,
      origin: { address: 'cli' },
    });
  });

  test('is refused once the ring has no room for more keys, and nothing is lost by that', async () => {
    const administration = await house.administer();
    for (let count = 1; count < 80; count += 1)
      await administration.rotateNow({ immediately: true });
    await expect(administration.rotateNow({ immediately: true })).rejects.toThrow(
      'the ring has 80 keys: wait until some have left it',
    );
    await expect.poll(() => phases(node)).toHaveLength(80);
    const kid = signerOf(node)?.kid ?? '';
    expect(await administration.revoke(kid, 'leaked')).toMatchObject({ tokensRefused: true });
  });

  test('is for configured algorithms only', async () => {
    const administration = await house.administer();
    await expect(
      administration.rotateNow({ algorithm: 'EdDSA', immediately: true }),
    ).rejects.toThrow(expect.objectContaining({ code: 'ERR_KEY_ORDER_REFUSED' }));
  });
});

describe('an order to revoke', () => {
  test('takes the signing key out of the set of every node at once, and lets another sign', async () => {
    const nodes = [node, await house.openNode()];
    const leaked = signerOf(node);
    const administration = await house.administer();
    const result = await administration.revoke(leaked?.kid ?? '', 'laptop stolen');
    expect(result).toEqual({
      kid: leaked?.kid,
      algorithm: 'ES256',
      tokensRefused: true,
      successor: expect.any(String) as string,
    });
    for (const one of nodes) {
      await expect.poll(() => phases(one)).toEqual([`${result.successor} signing`]);
      expect(one.current().retired).toEqual([]);
      expect(one.current().revoked).toEqual([{ kid: leaked?.kid, algorithm: 'ES256' }]);
      expect(standingsOf(one.current()).map(({ phase }) => phase)).toEqual(['signing', 'revoked']);
    }
    await expect((async () => leaked?.sign(DATA))()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
    expect(house.events.at(-1)).toMatchObject({ type: 'key.revoked', reason: 'laptop stolen' });
  });

  test('calls the waiting key, if there is one, and never the one before', async () => {
    const administration = await house.administer();
    const first = signerOf(node)?.kid ?? '';
    const [second] = await administration.rotateNow({ immediately: true });
    const [third] = await administration.rotateNow({ immediately: false });
    const { successor } = await administration.revoke(second?.kid ?? '', 'leaked');
    expect(successor).toBe(third?.kid);
    await expect.poll(() => phases(node)).toEqual([`${third?.kid} signing`, `${first} verifying`]);
    house.clock.advance(-60);
    expect(signerOf(node)?.kid).toBe(third?.kid);
  });

  test('of a key that had not signed yet refuses no token', async () => {
    const administration = await house.administer();
    const [next] = await administration.rotateNow({ immediately: false });
    expect(await administration.revoke(next?.kid ?? '', 'leaked')).toMatchObject({
      tokensRefused: false,
      successor: undefined,
    });
    await expect.poll(() => phases(node)).toHaveLength(1);
  });

  test('reaches a key that is retired already: no hint of it is understood any more', async () => {
    const kid = signerOf(node)?.kid ?? '';
    const administration = await house.administer();
    await administration.rotateNow({ immediately: true });
    house.clock.advance(3 * DAY);
    await expect.poll(() => node.current().retired.map((key) => key.kid)).toEqual([kid]);
    expect(await administration.revoke(kid, 'leaked')).toMatchObject({ tokensRefused: true });
    await expect.poll(() => node.current().retired).toEqual([]);
  });

  test('may name the key by its first eight characters, and given twice says the same', async () => {
    const kid = signerOf(node)?.kid ?? '';
    const administration = await house.administer();
    expect(await administration.revoke(kid.slice(0, 8), 'leaked')).toMatchObject({ kid });
    expect(await administration.revoke(kid, 'again')).toMatchObject({ kid, tokensRefused: true });
    const revoked = (await administration.list()).filter(({ phase }) => phase === 'revoked');
    expect(revoked).toMatchObject([{ kid, reason: 'leaked' }]);
  });

  test.each([
    ['a key that is not there', 'nobody-knows', 'reason'],
    ['a name of less than eight characters', '', 'reason'],
    ['a reason of two lines', 'own', 'two\nlines'],
    ['no reason', 'own', '  '],
  ])('refuses %s', async (_, name, reason) => {
    const kid = name === 'own' ? (signerOf(node)?.kid ?? '') : name;
    await expect((await house.administer()).revoke(kid, reason)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_ORDER_REFUSED' }),
    );
  });
});

describe('an order to import', () => {
  test('publishes the key as the next one, and it signs in its turn', async () => {
    const { kid, signsFrom } = await (await house.administer()).import(pem(), 'ES256');
    expect(signsFrom).toBe(house.clock.now() + 30 * DAY);
    await expect.poll(() => phases(node)).toContain(`${kid} published`);
    house.clock.advance(30 * DAY);
    expect(signerOf(node)?.kid).toBe(kid);
    expect(await signerOf(node)?.sign(DATA)).toHaveLength(64);
    expect(house.events.map(({ type }) => type)).toContain('key.imported');
  });

  test('takes the place of a key that waits, but not a second time that of its own kind', async () => {
    house.clock.advance(29 * DAY);
    await expect.poll(() => phases(node).length).toBe(2);
    const waiting = node.current().keys[1]?.kid;
    const administration = await house.administer();
    const { kid } = await administration.import(pem(), 'ES256');
    await expect.poll(() => phases(node).slice(1)).toEqual([`${kid} published`]);
    const second = await administration.import(pem(), 'ES256');
    await expect
      .poll(() => phases(node).slice(1))
      .toEqual([`${kid} published`, `${second.kid} published`]);
    expect(phases(node).join()).not.toContain(waiting);
  });

  test('can be hastened like any other', async () => {
    const administration = await house.administer();
    const { kid } = await administration.import(pem(), 'ES256');
    expect(await administration.rotateNow({ immediately: true })).toMatchObject([{ kid }]);
  });

  test('takes no key twice: not in use, not revoked, not in another ring', async () => {
    const settings = house.settings({ algorithms: ['RS256', 'PS256', 'ES256'] });
    await house.openNode({ settings });
    const administration = await house.administer({ settings });
    const [ec, rsa] = [
      pem(),
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ format: 'pem', type: 'pkcs8' })
        .toString(),
    ];
    const { kid } = await administration.import(ec, 'ES256');
    await administration.import(rsa, 'RS256');
    const used = 'is or was in use already';
    await expect(administration.import(ec, 'ES256')).rejects.toThrow(used);
    await expect(administration.import(rsa, 'PS256')).rejects.toThrow(used);
    await administration.revoke(kid, 'leaked');
    await expect(administration.import(ec, 'ES256')).rejects.toThrow(used);
  });
});

describe('a change of the master key', () => {
  test('lets nodes that know both go on, and later nodes open under the new one alone', async () => {
    const path = `${house.folder}/new.key`;
    const newKey = randomBytes(32);
    await writeFile(path, newKey.toString('hex'), { mode: 0o600 });
    const oldKey = { file: `${house.keysFolder}/master.key` };
    const both = house.settings({ masterKey: { file: path }, otherMasterKeys: [oldKey] });
    const running = await house.openNode({
      settings: house.settings({ otherMasterKeys: [{ file: path }] }),
    });
    const kid = signerOf(running)?.kid;
    const administration = await house.administer({ settings: both });
    expect(await administration.reseal(createSealer([newKey]))).toBe(1);
    house.clock.advance(6);
    await expect.poll(() => running.health().maySign).toBe(true);
    expect(await signerOf(running)?.sign(DATA)).toHaveLength(64);
    const onlyNew = house.settings({ masterKey: { file: path } });
    const later = await house.openNode({ settings: onlyNew });
    expect(signerOf(later)?.kid).toBe(kid);
    await expect(house.openNode()).rejects.toThrow('unknown master key');
    expect(house.events.at(-1)).toMatchObject({ type: 'key.resealed', keys: 1 });
  });

  test('stops a node that knows only the old one from signing, but not from publishing', async () => {
    const path = `${house.folder}/new.key`;
    const newKey = randomBytes(32);
    await writeFile(path, newKey.toString('hex'), { mode: 0o600 });
    const settings = house.settings({
      masterKey: { file: path },
      otherMasterKeys: [{ file: `${house.keysFolder}/master.key` }],
    });
    const administration = await house.administer({ settings });
    await administration.reseal(createSealer([newKey]));
    house.clock.advance(6);
    await expect.poll(() => node.health().maySign).toBe(false);
    expect(signerOf(node)).toBeDefined();
  });

  test('is refused while nodes would go on to seal under the old one', async () => {
    const path = `${house.folder}/new.key`;
    const newKey = randomBytes(32);
    await writeFile(path, newKey.toString('hex'), { mode: 0o600 });
    for (const otherMasterKeys of [[], [{ file: path }]]) {
      const settings = house.settings({ otherMasterKeys });
      const administration = await house.administer({ settings });
      await expect(administration.reseal(createSealer([newKey]))).rejects.toThrow(
        'do not seal under that master key yet',
      );
    }
    house.clock.advance(6);
    await expect.poll(() => node.health().maySign).toBe(true);
  });

  test('is one key for all nodes that start at once in one folder', async () => {
    const folder = `${house.folder}/shared`;
    const settings = house.settings({ folder });
    const sealers = await Promise.all(Array.from({ length: 8 }, () => openSealer(settings)));
    const sealed = sealers.map((sealer) => sealer.seal(DATA, 'c'));
    for (const text of sealed) expect(Buffer.from(sealers[0]?.open(text, 'c') ?? [])).toEqual(DATA);
    expect(await readFile(`${folder}/master.key`, 'utf8')).toMatch(/^[\w-]{43}\n$/);
  });
});

test('the list tells of every key when it was and will be what', async () => {
  const now = house.clock.now();
  const administration = await house.administer();
  const [first] = await administration.list();
  expect(first).toEqual({
    kid: signerOf(node)?.kid,
    algorithm: 'ES256',
    phase: 'signing',
    source: 'generated',
    publishedAt: now,
    signsFrom: now,
    signsUntil: now + 30 * DAY,
    verifiesUntil: now + 32 * DAY,
  });
});
