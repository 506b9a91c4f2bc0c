import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { CompactEncrypt, importJWK, type CompactJWEHeaderParameters } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { standingsOf } from '../../../src/signing-keys/key-set.ts';
import { createRingStore } from '../../../src/signing-keys/ring-store.ts';
import type { Ring } from '../../../src/signing-keys/ring.ts';
import type { DecryptionKey, SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { openHouse, signerOf, type House } from './house.ts';

const TEXT = 'a signed request';
const DAY = 86_400;
const SPREAD = 65;
const BOTH = ['RSA-OAEP-256', 'ECDH-ES'] as const;
const CURVE = { encryptionAlgorithms: ['ECDH-ES'] } as const;

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

function shown(node: SigningKeys): readonly DecryptionKey[] {
  return node.current().decrypting.filter(({ phase }) => phase === 'signing');
}

function shownKid(node: SigningKeys): string | undefined {
  return shown(node)[0]?.kid;
}

async function encryptedTo(
  key: DecryptionKey | undefined,
  header: Partial<CompactJWEHeaderParameters> = {},
): Promise<string> {
  if (key === undefined) throw new Error('no key is shown');
  const { kid, algorithm, publicJwk } = key;
  const protectedHeader = { alg: algorithm, enc: 'A256GCM', kid, ...header };
  return await new CompactEncrypt(Buffer.from(TEXT))
    .setProtectedHeader(protectedHeader)
    .encrypt(await importJWK({ ...publicJwk, alg: protectedHeader.alg }));
}

async function read(node: SigningKeys, jwe: string): Promise<string | undefined> {
  const texts = await Promise.all(node.current().decrypting.map((key) => key.decrypt(jwe)));
  return texts.find((text) => text !== undefined);
}

async function readRing(): Promise<Ring | undefined> {
  const { state, namespace, sealer } = await house.options();
  const found = await createRingStore({ state, namespace, sealer }).readAll();
  const stored = found.find((one) => one.algorithm === 'ECDH-ES');
  return stored?.kind === 'ring' ? stored.ring : undefined;
}

describe('keys that others encrypt to', () => {
  test('are born with the others, are for nothing else, and show public members alone', async () => {
    const node = await house.openNode({ encryptionAlgorithms: BOTH });
    expect(node.current().keys.map(({ algorithm }) => algorithm)).toEqual(['ES256']);
    const keys = shown(node);
    expect(keys.map(({ publicJwk }) => publicJwk)).toEqual([
      expect.objectContaining({ alg: 'RSA-OAEP-256', use: 'enc', kty: 'RSA' }),
      expect.objectContaining({ alg: 'ECDH-ES', use: 'enc', crv: 'P-256' }),
    ]);
    for (const { kid, publicJwk } of keys) {
      expect(publicJwk['kid']).toBe(kid);
      expect(Object.keys(publicJwk)).not.toContain('d');
    }
    for (const key of keys) expect(await read(node, await encryptedTo(key))).toBe(TEXT);
    expect(standingsOf(node.current())).toHaveLength(3);
    expect(node.health()).toEqual({ maySign: true, remarks: [] });
  });

  test('are held by every node before any shows them', async () => {
    await (await house.openNode()).close();
    house.clock.advance(DAY);
    const nodes = [await house.openNode(CURVE), await house.openNode(CURVE)] as const;
    const [waiting] = nodes[0].current().decrypting;
    expect([waiting?.phase, shownKid(nodes[0])]).toEqual(['published', undefined]);
    expect(await read(nodes[1], await encryptedTo(waiting))).toBe(TEXT);
    expect(nodes[0].health()).toEqual({
      maySign: true,
      remarks: [expect.stringMatching(/^the key set shows a key for ECDH-ES from 20/)],
    });
    house.clock.advance(SPREAD);
    expect(nodes.map(shownKid)).toEqual([waiting?.kid, waiting?.kid]);
  });

  test('turn in time: what was encrypted to the one before is read on every node to the end, and then by none', async () => {
    const nodes = [await house.openNode(CURVE), await house.openNode(CURVE)] as const;
    const jwe = await encryptedTo(shown(nodes[0])[0]);
    house.clock.advance(29 * DAY);
    const known = (): readonly number[] => nodes.map((node) => node.current().decrypting.length);
    await expect.poll(known).toEqual([2, 2]);
    house.clock.advance(DAY);
    expect(shownKid(nodes[0])).toBe(shownKid(nodes[1]));
    expect(nodes[0].current().decrypting.map(({ phase }) => phase)).toEqual([
      'signing',
      'verifying',
    ]);
    house.clock.advance(2 * DAY - 1);
    for (const node of nodes) expect(await read(node, jwe)).toBe(TEXT);
    expect((await readRing())?.keys.every(({ sealed }) => sealed !== undefined)).toBe(true);
    house.clock.advance(1);
    for (const node of nodes) expect(await read(node, jwe)).toBeUndefined();
    const nextBeat = async (): Promise<Ring | undefined> => {
      house.clock.advance(1);
      return await readRing();
    };
    await expect.poll(async () => (await nextBeat())?.keys.length).toBe(1);
    expect((await readRing())?.retired).toEqual([]);
    expect(nodes[0].current().retired.map(({ algorithm }) => algorithm)).not.toContain('ECDH-ES');
  });

  test('turn by order as soon as every node has the next, and are read no more once revoked', async () => {
    const nodes = [await house.openNode(CURVE), await house.openNode(CURVE)] as const;
    const administration = await house.administer(CURVE);
    const first = shown(nodes[0])[0];
    const jwe = await encryptedTo(first);
    const [rotation] = await administration.rotateNow({
      algorithm: 'ECDH-ES',
      immediately: false,
    });
    expect(rotation?.waitSeconds).toBe(SPREAD);
    await expect.poll(() => nodes[1].current().decrypting.length).toBe(2);
    house.clock.advance(SPREAD);
    expect(nodes.map(shownKid)).toEqual([rotation?.kid, rotation?.kid]);
    for (const node of nodes) expect(await read(node, jwe)).toBe(TEXT);
    await administration.revoke(first?.kid ?? '', 'leaked');
    for (const node of nodes) await expect.poll(() => read(node, jwe)).toBeUndefined();
    expect(nodes[0].current().revoked).toEqual([{ kid: first?.kid, algorithm: 'ECDH-ES' }]);
  });

  test('move under another master key with the rest, and outlive a restart', async () => {
    const node = await house.openNode(CURVE);
    const jwe = await encryptedTo(shown(node)[0]);
    const path = `${house.folder}/new.key`;
    const newKey = randomBytes(32);
    await writeFile(path, newKey.toString('hex'), { mode: 0o600 });
    const settings = house.settings({
      masterKey: { file: path },
      otherMasterKeys: [{ file: `${house.keysFolder}/master.key` }],
    });
    const administration = await house.administer({ settings, ...CURVE });
    expect(await administration.reseal(createSealer([newKey]))).toBe(2);
    const onlyNew = house.settings({ masterKey: { file: path } });
    const later = await house.openNode({ settings: onlyNew, ...CURVE });
    expect(await read(later, jwe)).toBe(TEXT);
    await expect(house.openNode(CURVE)).rejects.toThrow('unknown master key');
  });

  test('that are no longer wanted are shown by none, and go on to read', async () => {
    const before = await house.openNode(CURVE);
    const jwe = await encryptedTo(shown(before)[0]);
    await before.close();
    const node = await house.openNode();
    expect(shown(node)).toEqual([]);
    expect(await read(node, jwe)).toBe(TEXT);
    house.clock.advance(30 * DAY + 2 * DAY);
    expect(node.current().decrypting).toEqual([]);
    await expect.poll(() => signerOf(node)).toBeDefined();
  });

  test('read nothing that is encrypted otherwise or compressed, is for another key, was changed, or is no JWE', async () => {
    const node = await house.openNode(CURVE);
    const jwe = await encryptedTo(shown(node)[0]);
    const others = await Promise.all(
      [{ enc: 'A128GCM' }, { alg: 'ECDH-ES+A256KW' }, { kid: 'somebody-else' }, { zip: 'DEF' }].map(
        (header) => encryptedTo(shown(node)[0], header),
      ),
    );
    const [header, key, iv, text = '', tag] = jwe.split('.');
    const changed = [header, key, iv, `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`, tag];
    for (const one of [...others, changed.join('.'), 'a.b.c.d.e', '....', ''])
      expect(await read(node, one)).toBeUndefined();
  });
});
