import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { signingKeysConfig } from '../../src/signing-keys/config.ts';
import { sealContext } from '../../src/signing-keys/key-material.ts';
import { openSealer } from '../../src/signing-keys/master-key.ts';
import { readRingFile } from '../../src/signing-keys/ring-copies.ts';

const PROGRAM = fileURLToPath(new URL('./signing-keys-heap.program.ts', import.meta.url));
const run = promisify(execFile);

/** Every number of a private key that must not be seen: d of all, p, q, ... of RSA. */
async function privateNumbers(folder: string): Promise<readonly string[]> {
  const settings = signingKeysConfig.parse({ folder: `${folder}/keys` });
  const sealer = await openSealer(settings);
  const numbers: string[] = [];
  for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
    const identity = { namespace: 'main', algorithm };
    const path = `${folder}/keys/ring-main-${algorithm}.json`;
    const found = await readRingFile(path, identity, sealer);
    const key = found.kind === 'ring' ? found.ring.keys[0] : undefined;
    const { kid = '', sealed = '' } = key ?? {};
    const der = Buffer.from(sealer.open(sealed, sealContext({ ...identity, kid })));
    const jwk = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
      format: 'jwk',
    });
    const { d, p, q, dp, dq, qi } = jwk;
    numbers.push(...[d, p, q, dp, dq, qi].filter((number) => number !== undefined));
  }
  return numbers;
}

test('no private number of a signing key is a text in the memory of a node', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-heap-'));
  await run(process.execPath, [PROGRAM, folder]);
  const memory = await readFile(`${folder}/memory.heapsnapshot`, 'utf8');
  const numbers = await privateNumbers(folder);
  expect(numbers).toHaveLength(8);
  // What is looked for would be found: the public halves are there as text.
  const copy = await readFile(`${folder}/keys/ring-main-ES256.json`, 'utf8');
  const x = /"x":"(?<x>[\w-]{43})"/.exec(copy)?.groups?.['x'] ?? 'missing';
  expect(memory).toContain(x);
  for (const number of numbers) {
    const bytes = Buffer.from(number, 'base64url');
    for (const encoding of ['base64url', 'base64', 'hex'] as const) {
      // A piece of it is enough, and finds it inside of a DER or PEM text, too, where it happens to align.
      expect(memory).not.toContain(bytes.toString(encoding).slice(0, 24));
    }
    expect(memory).not.toContain(
      BigInt(`0x${bytes.toString('hex')}`)
        .toString()
        .slice(0, 24),
    );
  }
  // The words alone are in the source of the library that reads keys.
  expect(memory).not.toMatch(/BEGIN PRIVATE KEY-----(?:\\n)*[\w+/]{16}/u);
  await rm(folder, { recursive: true });
});
