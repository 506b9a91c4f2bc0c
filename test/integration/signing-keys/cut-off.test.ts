import { chmod, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWire, type Wire } from './faulty-state.ts';
import { openHouse, phases, signerOf, type House } from './house.ts';

const DATA = Buffer.from('header.payload', 'utf8');

let house: House;
let wire: Wire;
beforeEach(async () => {
  house = await openHouse();
  wire = createWire(house.state);
});
afterEach(() => house.close());

const suspended = expect.objectContaining({ code: 'ERR_SIGNING_SUSPENDED' }) as Error;

describe('a node that is cut off from state', () => {
  test('goes on publishing, signs nothing after five seconds, and says so', async () => {
    const node = await house.openNode({ state: wire.state });
    const before = phases(node);
    wire.cut();
    house.clock.advance(5);
    expect(node.health().maySign).toBe(true);
    expect(signerOf(node)?.sign(DATA)).toBeInstanceOf(Uint8Array);
    house.clock.advance(1);
    await expect(signerOf(node)?.sign(DATA)).rejects.toThrow(suspended);
    expect(phases(node)).toEqual(before);
    expect(node.health()).toEqual({
      maySign: false,
      remarks: [
        'the signing keys could not be read from the state for 6 s: nothing is signed, the known keys stay published',
      ],
    });
    await expect
      .poll(() => house.lines.filter(({ fields }) => fields.event === 'key.cut_off'))
      .toHaveLength(1);
  });

  test('reads the rings again before it signs, and then signs by what it read', async () => {
    const node = await house.openNode({ state: wire.state });
    const first = signerOf(node);
    wire.cut();
    const rotation = await (await house.administer()).rotateNow({ immediately: true });
    house.clock.advance(60);
    expect(signerOf(node)?.kid).toBe(first?.kid);
    wire.mend();
    await expect((async () => first?.sign(DATA))()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
    expect(signerOf(node)?.kid).toBe(rotation[0]?.kid);
    expect(await signerOf(node)?.sign(DATA)).toBeInstanceOf(Uint8Array);
  });

  test('that was stopped signs only by what it reads after it goes on', async () => {
    let elapsedMs = 0;
    const node = await house.openNode({ state: wire.state, elapsedMs: () => elapsedMs });
    const first = signerOf(node);
    await (await house.administer()).revoke(first?.kid ?? '', 'leaked');
    elapsedMs += 60_000;
    await expect((async () => first?.sign(DATA))()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_NOT_SIGNING' }),
    );
  });

  test('lets verifiers keep its key set for less and less', async () => {
    const node = await house.openNode({ state: wire.state });
    expect(node.jwksMaxAgeSeconds()).toBe(900);
    wire.cut();
    house.clock.advance(5);
    expect(node.jwksMaxAgeSeconds()).toBe(900);
    house.clock.advance(300);
    expect(node.jwksMaxAgeSeconds()).toBe(600);
    house.clock.advance(3600);
    expect(node.jwksMaxAgeSeconds()).toBe(0);
    wire.mend();
    house.clock.advance(1);
    await expect.poll(() => node.jwksMaxAgeSeconds()).toBe(900);
  });

  test('changes phases in time, but makes no key', async () => {
    const node = await house.openNode({ state: wire.state });
    house.clock.advance(29 * 86_400);
    await expect.poll(() => phases(node).length).toBe(2);
    const next = node.current().keys[1]?.kid;
    wire.cut();
    house.clock.advance(86_400);
    expect(signerOf(node)?.kid).toBe(next);
    house.clock.advance(60 * 86_400);
    expect(signerOf(node)?.kid).toBe(next);
    expect(house.events.filter(({ type }) => type === 'key.generated')).toHaveLength(2);
  });
});

describe('a node that starts without state', () => {
  test('publishes what its disk has, signs nothing, and joins when state comes', async () => {
    const before = await house.openNode();
    const kid = signerOf(before)?.kid;
    await before.close();
    wire.cut();
    const node = await house.openNode({ state: wire.state });
    expect(phases(node)).toEqual([`${kid} signing`]);
    expect(node.health().maySign).toBe(false);
    await expect(signerOf(node)?.sign(DATA)).rejects.toThrow(suspended);
    wire.mend();
    house.clock.advance(1);
    await expect.poll(() => node.health()).toEqual({ maySign: true, remarks: [] });
  });

  test('waits for state when its disk has nothing, and needs no restart', async () => {
    wire.cut();
    const opening = house.openNode({ state: wire.state });
    await expect
      .poll(() => house.lines.map(({ fields }) => fields.event))
      .toContain('key.waiting_for_state');
    wire.mend();
    house.clock.advance(1);
    expect(signerOf(await opening)).toBeDefined();
  });

  test('may be told not to wait any longer', async () => {
    wire.cut();
    const stop = new AbortController();
    const opening = house.openNode({ state: wire.state, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });
});

describe('the folder of a node', () => {
  test('may be missing: the node warns once and works', async () => {
    await house.openNode();
    await writeFile(`${house.folder}/file`, '');
    const settings = house.settings({
      folder: `${house.folder}/file/keys`,
      masterKey: { file: `${house.keysFolder}/master.key` },
    });
    const node = await house.openNode({ settings });
    await (await house.administer()).rotateNow({ immediately: true });
    await expect.poll(() => phases(node).length).toBe(2);
    await expect
      .poll(() => house.lines.filter(({ fields }) => fields.event === 'key.copy_failed'))
      .toHaveLength(1);
  });

  test('must not let others read a copy', async () => {
    await (await house.openNode()).close();
    await chmod(`${house.keysFolder}/ring-main-ES256.json`, 0o644);
    await expect(house.openNode()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_FILE_NOT_PRIVATE' }),
    );
    await rm(`${house.keysFolder}/ring-main-ES256.json`);
    await expect(house.openNode()).resolves.toBeDefined();
  });
});
