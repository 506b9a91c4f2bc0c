import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngineKeys } from '../../../src/provider/engine-keys.ts';
import type { SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { createWire, type Wire } from '../signing-keys/faulty-state.ts';
import { openHouse, signerOf, type House } from '../signing-keys/house.ts';

const DATA = Buffer.from('header.payload', 'utf8');

let house: House;
let wire: Wire;
/** Time that only passes, which is not the clock: the node's heartbeat does not hear of it. */
let elapsedMs: number;
let node: SigningKeys;
beforeEach(async () => {
  house = await openHouse();
  wire = createWire(house.state);
  elapsedMs = 0;
  node = await house.openNode({ state: wire.state, elapsedMs: () => elapsedMs });
});
afterEach(() => house.close());

/** The key that the engine would sign with: the first that may. */
async function engineKey(
  algorithm = 'ES256',
  keySet = node.current(),
): Promise<{ sign(): Promise<Uint8Array> }> {
  const { logger } = await house.options();
  const key = createEngineKeys(keySet, { logger }).find(
    ({ alg, key_ops: operations }) => alg === algorithm && operations === undefined,
  );
  if (!key) throw new TypeError('some key signs');
  return { sign: async () => key.sign(DATA) };
}

describe('a key in the hands of the engine', () => {
  test('of a node that was stopped signs once the rings were read again, without waiting for the heartbeat', async () => {
    elapsedMs += 60_000;
    expect(node.health().maySign).toBe(false);
    const signature = await (await engineKey()).sign();
    const key = createPublicKey({ key: { ...signerOf(node)?.publicJwk }, format: 'jwk' });
    expect(verify('sha256', DATA, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(node.health().maySign).toBe(true);
  });

  test('signs nothing when they cannot be read', async () => {
    wire.cut();
    elapsedMs += 60_000;
    await expect((await engineKey()).sign()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_SIGNING_SUSPENDED' }),
    );
  });

  test('says that its time has not come, when it is the first of an algorithm that was added', async () => {
    house.clock.advance(3600);
    const settings = house.settings({ algorithms: ['ES256', 'EdDSA'] });
    const added = await house.openNode({ settings });
    const waiting = await engineKey('EdDSA', added.current());
    await expect(waiting.sign()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
    const { signsFrom = Infinity } =
      (await (await house.administer({ settings })).list()).find(
        ({ algorithm }) => algorithm === 'EdDSA',
      ) ?? {};
    house.clock.advance(signsFrom - house.clock.now());
    expect(await (await engineKey('EdDSA', added.current())).sign()).toHaveLength(64);
  });

  test('signs nothing when it was revoked meanwhile', async () => {
    const key = await engineKey();
    await (await house.administer()).revoke(signerOf(node)?.kid ?? '', 'leaked');
    elapsedMs += 60_000;
    await expect(key.sign()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
  });
});
