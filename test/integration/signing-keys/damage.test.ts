import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/runtime/json.ts';
import { rounds } from '../../support/counts.ts';
import { openHouse, phases, signerOf, type House } from './house.ts';

const RING = 'main:ring:ES256';

let house: House;
let copy: string;
beforeEach(async () => {
  house = await openHouse();
  copy = `${house.keysFolder}/ring-main-ES256.json`;
  await (await house.openNode()).close();
});
afterEach(() => house.close());

const broken = (message: unknown): Error =>
  expect.objectContaining({ code: 'ERR_RING_BROKEN', message }) as Error;

async function ringText(): Promise<string> {
  return JSON.stringify((await house.state.get(RING))?.value);
}

/** As an engine would give it back: JSON where it still is, else a text. */
function asJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Damage at many places of a text: a bit flipped, a piece cut off the end, a piece missing inside. */
function damages(text: string): readonly string[] {
  const places = rounds(40, 2000);
  const step = Math.max(1, Math.floor(text.length / places));
  const offsets = Array.from({ length: Math.ceil(text.length / step) }, (_, index) => index * step);
  return offsets.flatMap((at) => {
    const flipped = String.fromCodePoint((text.codePointAt(at) ?? 0) ^ 1);
    const [before, after] = [text.slice(0, at), text.slice(at + 1)];
    return [before + flipped + after, before, before + after.slice(4)];
  });
}

async function kidsOfStart(): Promise<readonly string[] | 'refused'> {
  try {
    const node = await house.openNode();
    const kids = node.current().keys.map(({ kid }) => kid);
    await node.close();
    return kids;
  } catch (error) {
    expect(error).toEqual(broken(expect.stringContaining('No key was made')));
    return 'refused';
  }
}

describe('a ring that is damaged in state', () => {
  test('stops the start, wherever the damage is, and no key is made', async () => {
    const good = await ringText();
    const kid = (await kidsOfStart())[0];
    let refused = 0;
    let count = 0;
    for (const text of damages(good)) {
      count += 1;
      await house.state.put(RING, asJson(text));
      const outcome = await kidsOfStart();
      // The last character of a base64url text has bits that mean nothing: then it is the same ring.
      if (outcome === 'refused') refused += 1;
      else expect(outcome).toEqual([kid]);
      expect(await ringText()).toBe(JSON.stringify(asJson(text)));
    }
    expect(refused).toBeGreaterThan(count * 0.97);
    expect(house.events.filter(({ type }) => type === 'key.generated')).toHaveLength(1);
  });

  test('is named with its key, the last good copy and the command, which puts it back', async () => {
    const kid = (await kidsOfStart())[0];
    await house.state.put(RING, { half: 'a ring' });
    await expect(house.openNode()).rejects.toThrow(
      broken(
        `the ring of ES256 keys in the state (${RING}) cannot be used: it is not a ring, or only a part of one. No key was made. The last good copy is ${copy}; put it back with: latchkey keys restore ${copy}`,
      ),
    );
    const restored = await (await house.administer()).restore(copy);
    expect(restored).toEqual({ algorithm: 'ES256', number: 1, keys: 1 });
    expect(await kidsOfStart()).toEqual([kid]);
    expect(house.events.at(-1)?.type).toBe('key.restored');
  });

  test('stops a node that runs from signing, until it is restored', async () => {
    const node = await house.openNode();
    await house.state.put(RING, 'nothing');
    house.clock.advance(6);
    await expect.poll(() => node.health().maySign).toBe(false);
    expect(node.health().remarks.join()).toContain('cannot be used');
    expect(signerOf(node)).toBeDefined();
    await (await house.administer()).restore(copy);
    await expect.poll(() => node.health()).toEqual({ maySign: true, remarks: [] });
  });
});

describe('a ring that state has lost', () => {
  test('stops the start of a node that has known it', async () => {
    await house.state.delete(RING);
    await expect(house.openNode()).rejects.toThrow(
      broken(
        expect.stringMatching(
          /is missing, though this node has known one.*keys restore.*\nTo begin anew/,
        ),
      ),
    );
    expect(await house.state.get(RING)).toBeUndefined();
  });

  test('is made anew only after the copy was taken away on purpose', async () => {
    const [kid] = (await kidsOfStart()) as readonly string[];
    await house.state.delete(RING);
    await rm(copy);
    expect(await kidsOfStart()).not.toEqual([kid]);
  });

  test('is put back by a node that has read it within the last seconds', async () => {
    const node = await house.openNode();
    const before = phases(node);
    await house.state.delete(RING);
    house.clock.advance(1);
    await expect.poll(() => house.state.get(RING)).toBeDefined();
    expect(phases(node)).toEqual(before);
    expect(house.lines.map(({ fields }) => fields.event)).toContain('key.ring_put_back');
    expect(await kidsOfStart()).toEqual(before.map((text) => text.split(' ')[0]));
  });

  test('is not put back by a node that was away for longer', async () => {
    let elapsedMs = 0;
    const node = await house.openNode({ elapsedMs: () => elapsedMs });
    await house.state.delete(RING);
    elapsedMs += 60_000;
    house.clock.advance(1);
    await expect.poll(() => node.health().remarks.join()).toContain('has lost the ring');
    expect(await house.state.get(RING)).toBeUndefined();
  });

  test('cannot be replaced by another one behind the back of a node', async () => {
    const node = await house.openNode();
    const kid = signerOf(node)?.kid;
    const elsewhere = await openHouse();
    const settings = elsewhere.settings({ masterKey: { file: `${house.keysFolder}/master.key` } });
    await elsewhere.openNode({ settings });
    await house.state.put(RING, (await elsewhere.state.get(RING))?.value ?? null);
    house.clock.advance(6);
    await expect.poll(() => node.health().maySign).toBe(false);
    expect(node.health().remarks.join()).toContain('was replaced by another');
    expect(signerOf(node)?.kid).toBe(kid);
    await expect(house.openNode()).rejects.toThrow(
      broken(expect.stringContaining('is not the one that this node has known')),
    );
    const administration = await house.administer();
    await expect(administration.restore(copy)).rejects.toThrow('--replace');
    await administration.restore(copy, { replace: true });
    await expect.poll(() => node.health().maySign).toBe(true);
    await elsewhere.close();
  });
});

describe('a state that went back in time', () => {
  test('is told by the copy, and may be brought up to date by it', async () => {
    const old = (await house.state.get(RING))?.value ?? null;
    await (await house.administer()).rotateNow({ immediately: true });
    await house.state.put(RING, old);
    await expect(house.openNode()).rejects.toThrow(
      broken(expect.stringContaining('is older (version 1)')),
    );
    await (await house.administer()).restore(copy);
    expect((await kidsOfStart()).length).toBe(2);
  });

  test('is set right by a node that runs: a revoked key does not come back', async () => {
    const node = await house.openNode();
    const leaked = signerOf(node)?.kid ?? '';
    const old = (await house.state.get(RING))?.value ?? null;
    await (await house.administer()).revoke(leaked, 'leaked');
    await expect.poll(() => signerOf(node)?.kid).not.toBe(leaked);
    await house.state.put(RING, old);
    house.clock.advance(1);
    await expect.poll(ringText).not.toBe(JSON.stringify(old));
    expect(phases(node).join()).not.toContain(leaked);
  });

  test('an older copy on one node is no news', async () => {
    await copyFile(copy, `${copy}.old`);
    await (await house.administer()).rotateNow({ immediately: true });
    await copyFile(`${copy}.old`, copy);
    expect((await kidsOfStart()).length).toBe(2);
    await expect((await house.administer()).restore(`${copy}.old`)).rejects.toThrow(
      'nothing to restore',
    );
  });
});

describe('a copy that is damaged', () => {
  test('does not matter while state has the ring, and is written again', async () => {
    const good = await readFile(copy, 'utf8');
    for (const text of [good.slice(0, 99), '', '{}', good.replace('signsFrom', 'signsFro_')]) {
      await writeFile(copy, text);
      await kidsOfStart();
      expect(JSON.parse(await readFile(copy, 'utf8'))).toMatchObject({ format: 1 });
    }
  });

  test('stops the start when state has lost the ring, wherever the damage is', async () => {
    const good = await readFile(copy, 'utf8');
    await house.state.delete(RING);
    let count = 0;
    for (const text of damages(good.trimEnd())) {
      await writeFile(copy, text);
      expect(await kidsOfStart()).toBe('refused');
      count += 1;
    }
    expect(count).toBeGreaterThan(100);
    expect(await house.state.get(RING)).toBeUndefined();
  });

  test('is not put back', async () => {
    await writeFile(copy, '{}');
    await expect((await house.administer()).restore(copy)).rejects.toThrow('cannot be used');
    await expect((await house.administer()).restore(`${copy}.none`)).rejects.toThrow(
      'there is no file',
    );
  });
});

describe('a master key that is not the one', () => {
  test('stops the start, and says which one is missing', async () => {
    await writeFile(`${house.keysFolder}/master.key`, Buffer.alloc(32, 7).toString('base64url'));
    await expect(house.openNode()).rejects.toThrow(
      broken(expect.stringMatching(/its proof does not open: sealed under the unknown master key/)),
    );
  });

  test.each(['short', '', 'x'.repeat(44)])('may not be "%s"', async (text) => {
    await writeFile(`${house.keysFolder}/master.key`, text);
    await expect(house.openNode()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_MASTER_KEY_UNUSABLE' }),
    );
  });
});
