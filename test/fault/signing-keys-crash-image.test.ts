import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbedded } from '../../src/storage/embedded/open-embedded.ts';
import { FAST, openHouse, type House } from '../integration/signing-keys/house.ts';
import { rounds } from '../support/counts.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';

const ROTATIONS = 12;
const CUTS = rounds(40, 500);

let house: House;
/** How long the log was when each ring was answered, and which key signed from then on. */
let answered: { readonly length: number; readonly kid: string }[];
let log: Buffer;
beforeEach(async () => {
  house = await openHouse();
  answered = [];
  const wal = `${house.file}-wal`;
  const note = async (kid: string): Promise<void> => {
    answered.push({ length: (await stat(wal)).size, kid });
  };
  const settings = house.settings(FAST);
  const node = await house.openNode({ settings });
  await note(node.current().keys[0]?.kid ?? '');
  await node.close();
  const administration = await house.administer({ settings });
  for (let n = 0; n < ROTATIONS; n += 1) {
    const [rotation] = await administration.rotateNow({ immediately: true });
    await note(rotation?.kid ?? '');
  }
  log = await readFile(wal);
});
afterEach(() => house.close());

test(`a crash at any of ${CUTS} points of many rotations leaves the last ring that was answered, or the next`, async () => {
  for (let n = 0; n <= CUTS; n += 1) {
    const cut = Math.floor((log.length * n) / CUTS);
    const last = answered.findLastIndex(({ length }) => length <= cut);
    const signer = await signerInImage(log.subarray(0, cut), `image-${n}`);
    // Before the first answer there was no ring, and a new one may be born.
    if (last < 0) continue;
    const allowed = answered.slice(last, last + 2).map(({ kid }) => kid);
    expect(allowed, `cut at ${cut}`).toContain(signer);
  }
});

/** Starts a node, which has no copies, on the file as the crash left it. */
async function signerInImage(wal: Uint8Array, name: string): Promise<string | undefined> {
  const folder = join(house.folder, name);
  const keysFolder = join(folder, 'keys');
  await mkdir(keysFolder, { recursive: true });
  const file = join(folder, 'latchkey.db');
  await copyFile(house.file, file);
  await writeFile(`${file}-wal`, wal, { mode: 0o600 });
  await copyFile(join(house.keysFolder, 'master.key'), join(keysFolder, 'master.key'));
  const { logger } = createRecordingLogger();
  const image = await openEmbedded({ file, clock: house.clock, logger });
  const settings = house.settings({ ...FAST, folder: keysFolder });
  const node = await house.openNode({ settings, state: image.state });
  const signing = node.current().keys.filter(({ phase }) => phase === 'signing');
  expect(signing).toHaveLength(1);
  expect(await signing[0]?.sign(Buffer.from('data', 'utf8'))).toHaveLength(64);
  await node.close();
  await image.close();
  return signing[0]?.kid;
}
