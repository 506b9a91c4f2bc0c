import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRingStore } from '../../../src/signing-keys/ring-store.ts';
import type { Ring } from '../../../src/signing-keys/ring.ts';
import type {
  KeySet,
  SigningAlgorithm,
  SigningKey,
} from '../../../src/signing-keys/signing-keys.ts';
import { openHouse, phases, signerOf, type House } from './house.ts';

const DATA = Buffer.from('header.payload', 'utf8');
const HOUR = 3600;
const DAY = 86_400;

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

async function readRing(algorithm: SigningAlgorithm = 'ES256'): Promise<Ring | undefined> {
  const { state, namespace, sealer } = await house.options();
  const found = await createRingStore({ state, namespace, sealer }).readAll();
  const stored = found.find((one) => one.algorithm === algorithm);
  return stored?.kind === 'ring' ? stored.ring : undefined;
}

/** Advances to `days` after the start in steps that the keeper sees, as a node lives through it. */
async function liveUntil(days: number, isDone: () => boolean): Promise<void> {
  house.clock.advance(days * DAY);
  await expect.poll(isDone).toBe(true);
}

async function isGoodSignature(key: SigningKey): Promise<boolean> {
  const publicKey = createPublicKey({ key: key.publicJwk as JsonWebKey, format: 'jwk' });
  const how = {
    RS256: { key: publicKey },
    PS256: { key: publicKey, padding: 6, saltLength: 32 },
    ES256: { key: publicKey, dsaEncoding: 'ieee-p1363' as const },
    EdDSA: { key: publicKey },
  }[key.algorithm];
  const hash = key.algorithm === 'EdDSA' ? null : 'sha256';
  return verify(hash, DATA, how, await key.sign(DATA));
}

describe('a new installation', () => {
  test('signs at once by every algorithm, in the form that JWS wants', async () => {
    const settings = house.settings({ algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] });
    const node = await house.openNode({ settings });
    const { keys } = node.current();
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['RS256', 'PS256', 'ES256', 'EdDSA']);
    for (const key of keys)
      expect([key.phase, await isGoodSignature(key)]).toEqual(['signing', true]);
    expect(node.health()).toEqual({ maySign: true, remarks: [] });
  });

  test('publishes public members only, and names each key by its thumbprint (RFC 7638)', async () => {
    const node = await house.openNode({
      settings: house.settings({ algorithms: ['RS256', 'ES256', 'EdDSA'] }),
    });
    const members = node.current().keys.map(({ publicJwk }) => Object.keys(publicJwk).toSorted());
    expect(members).toEqual([
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ]);
    for (const { kid, publicJwk } of node.current().keys) expect(publicJwk['kid']).toBe(kid);
  });

  test('has the same keys on every node, whoever was first', async () => {
    const nodes = await Promise.all(Array.from({ length: 5 }, () => house.openNode()));
    await expect.poll(() => new Set(nodes.map((node) => phases(node).join())).size).toBe(1);
    expect(house.events.filter(({ type }) => type === 'key.generated')).toHaveLength(1);
  });

  test('keeps its master key and its copies where nobody else can read them', async () => {
    await house.openNode();
    const files = await readdir(house.keysFolder);
    expect(files.toSorted()).toEqual(['master.key', 'ring-main-ES256.json']);
    for (const file of files)
      expect(((await stat(`${house.keysFolder}/${file}`)).mode & 0o777).toString(8)).toBe('600');
  });

  test('gives two issuers of one state rings of their own', async () => {
    const [one, other] = [await house.openNode(), await house.openNode({ namespace: 'other' })];
    expect(signerOf(one)?.kid).not.toBe(signerOf(other)?.kid);
  });
});

describe('a ring', () => {
  test('publishes the next key a day before it signs, and all nodes change in the same second', async () => {
    const nodes = [await house.openNode(), await house.openNode()] as const;
    const first = signerOf(nodes[0])?.kid;
    await liveUntil(29, () => nodes.every((node) => node.current().keys.length === 2));
    const next = nodes[0].current().keys[1];
    expect([next?.phase, nodes[0].current().changesAt]).toEqual([
      'published',
      house.clock.now() + DAY,
    ]);
    expect(() => next?.sign(DATA)).toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
    house.clock.advance(DAY - 1);
    expect(nodes.map((node) => signerOf(node)?.kid)).toEqual([first, first]);
    house.clock.advance(1);
    expect(nodes.map((node) => signerOf(node)?.kid)).toEqual([next?.kid, next?.kid]);
  });

  test('lets a key verify for two days, then knows it for hints alone, then forgets it', async () => {
    const node = await house.openNode();
    const first = signerOf(node);
    await liveUntil(29, () => node.current().keys.length === 2);
    house.clock.advance(DAY + 2 * DAY - 1);
    expect(phases(node)).toContain(`${first?.kid} verifying`);
    house.clock.advance(1);
    expect(node.current().keys).toHaveLength(1);
    expect(node.current().retired).toEqual([
      { kid: first?.kid, algorithm: 'ES256', publicJwk: first?.publicJwk },
    ]);
    await expect.poll(async () => (await readRing())?.keys.length).toBe(1);
    expect(node.current().retired).toHaveLength(1);
    await expect.poll(() => house.events.map(({ type }) => type)).toContain('key.retired');
    await liveUntil(31, () => !node.current().retired.some(({ kid }) => kid === first?.kid));
  });

  test('destroys a private half once it has signed its last', async () => {
    const node = await house.openNode();
    await liveUntil(29, () => node.current().keys.length === 2);
    house.clock.advance(DAY + 91);
    await expect
      .poll(async () => (await readRing())?.keys.map(({ sealed }) => typeof sealed))
      .toEqual(['undefined', 'string']);
  });

  test('lets a request that began before the change finish with its key, and no later one', async () => {
    const node = await house.openNode();
    const first = signerOf(node);
    await liveUntil(29, () => node.current().keys.length === 2);
    house.clock.advance(DAY + 29);
    expect(await first?.sign(DATA)).toBeInstanceOf(Uint8Array);
    house.clock.advance(1);
    await expect((async () => first?.sign(DATA))()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
  });

  test('tells its listeners of each change once, with the new set', async () => {
    const node = await house.openNode();
    const heard: KeySet[] = [];
    const end = node.onChange((keys) => heard.push(keys));
    node.onChange(() => {
      throw new Error('a listener that fails');
    });
    await liveUntil(29, () => heard.length === 1);
    await liveUntil(1, () => heard.length === 2);
    end();
    await liveUntil(2, () => node.current().keys.length === 1);
    expect(heard.map(({ keys }) => keys.map(({ phase }) => phase).join())).toEqual([
      'signing,published',
      'signing,verifying',
    ]);
    expect(new Set(heard.map(({ version }) => version)).size).toBe(2);
  });
});

describe('after a sleep of all nodes', () => {
  test('the last key goes on signing until the next has been published for long enough', async () => {
    const before = await house.openNode();
    const first = signerOf(before)?.kid;
    await before.close();
    house.clock.advance(60 * DAY);
    const node = await house.openNode();
    expect(signerOf(node)?.kid).toBe(first);
    await expect.poll(() => node.current().keys.length).toBe(2);
    expect(node.current().changesAt).toBe(house.clock.now() + DAY);
    house.clock.advance(DAY);
    expect(signerOf(node)?.kid).not.toBe(first);
  });
});

describe('algorithms that come and go', () => {
  test('one that is added to a running installation is published before it signs', async () => {
    await (await house.openNode()).close();
    house.clock.advance(HOUR);
    const settings = house.settings({ algorithms: ['ES256', 'EdDSA'] });
    const node = await house.openNode({ settings });
    const opensIn = 15 * 60 + 60 + 5;
    expect(node.current().keys.map(({ phase }) => phase)).toEqual(['signing', 'published']);
    expect(node.health().remarks).toEqual([
      expect.stringMatching(/^EdDSA signs from 2027-.* on: the key is published first$/),
    ]);
    house.clock.advance(opensIn - 1);
    expect(signerOf(node, 'EdDSA')).toBeUndefined();
    house.clock.advance(1);
    expect(signerOf(node, 'EdDSA')).toBeDefined();
    await expect.poll(() => node.health().remarks).toEqual([]);
  });

  test('one that only another node knows is published here, too', async () => {
    const old = await house.openNode();
    await house.openNode({ settings: house.settings({ algorithms: ['ES256', 'EdDSA'] }) });
    await expect
      .poll(() => old.current().keys.map(({ algorithm }) => algorithm))
      .toEqual(['ES256', 'EdDSA']);
  });

  test('one that no node has any more stays until its tokens are dead, and then begins anew', async () => {
    const both = house.settings({ algorithms: ['ES256', 'EdDSA'] });
    const before = await house.openNode({ settings: both });
    const kid = signerOf(before, 'EdDSA')?.kid;
    await before.close();
    const node = await house.openNode();
    const isKnown = (): boolean => node.current().keys.some((key) => key.kid === kid);
    house.clock.advance(32 * DAY - 1);
    expect(isKnown()).toBe(true);
    house.clock.advance(1);
    expect(isKnown()).toBe(false);
    await expect.poll(async () => (await readRing('EdDSA'))?.keys).toEqual([]);
    const again = await house.openNode({ settings: both });
    await expect.poll(() => again.current().keys.map(({ phase }) => phase)).toContain('published');
    expect(signerOf(again, 'EdDSA')).toBeUndefined();
  });

  test('a node whose tokens live longer lets the signing key verify longer, for all nodes', async () => {
    const node = await house.openNode();
    await house.openNode({ settings: house.settings({ verifyFor: '9d' }) });
    await expect.poll(async () => (await readRing())?.keys[0]?.verifyForSeconds).toBe(9 * DAY);
    expect(signerOf(node)).toBeDefined();
  });
});

describe('a clock that jumps', () => {
  test.each([
    ['by a year forward', 365 * DAY],
    ['by thirty days forward', 30 * DAY],
  ])('%s rotates nothing until the new time has been seen for a minute', async (_, seconds) => {
    let elapsedMs = 0;
    const node = await house.openNode({ elapsedMs: () => elapsedMs });
    const [kid] = phases(node);
    const pass = async (by: number): Promise<void> => {
      elapsedMs += by * 1000;
      house.clock.advance(by);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await pass(1);
    house.clock.advance(seconds);
    for (let second = 0; second < 59; second += 1) await pass(1);
    expect(phases(node)).toEqual([kid]);
    expect(node.health().remarks.join()).toContain('the clock has jumped');
    for (let second = 0; second < 3; second += 1) await pass(1);
    await expect.poll(() => node.current().keys.length).toBe(2);
  });

  test('back by an hour or three days changes neither the keys nor who signs', async () => {
    const node = await house.openNode();
    await liveUntil(29, () => node.current().keys.length === 2);
    house.clock.advance(DAY + HOUR);
    const now = phases(node);
    await expect.poll(() => node.current().keys.length).toBe(2);
    house.clock.advance(-HOUR);
    expect(node.current().keys.filter(({ phase }) => phase === 'signing')).toHaveLength(1);
    house.clock.advance(-3 * DAY);
    expect(node.current().keys.filter(({ phase }) => phase === 'signing')).toHaveLength(1);
    house.clock.advance(3 * DAY + HOUR);
    await expect.poll(() => phases(node)).toEqual(now);
  });
});
