import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerKeysCommands } from '../../../src/cli/keys.ts';
import type { Clients } from '../../../src/clients/clients.ts';
import { createClients } from '../../../src/clients/create-clients.ts';
import type { EncryptionAlgorithm, SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { openHouse, phases, signerOf, type House } from './house.ts';

let house: House;
let node: SigningKeys;
let clients: Clients;
let closed: number;
let encryptionAlgorithms: readonly EncryptionAlgorithm[];
beforeEach(async () => {
  house = await openHouse();
  node = await house.openNode();
  await house.records.migrate();
  clients = await createClients({
    ...house,
    ...(await house.options()),
    declared: [],
    profile: 'production',
  });
  closed = 0;
  encryptionAlgorithms = [];
});
afterEach(async () => {
  await clients.close();
  await house.close();
});

/** Runs one command and gives what it printed. */
function run(...args: readonly string[]): Promise<string> {
  return runWith({}, ...args);
}

/** The same with other settings of the keys. */
async function runWith(
  section: Parameters<House['settings']>[0],
  ...args: readonly string[]
): Promise<string> {
  const printed: string[] = [];
  const program = new Command('latchkey')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  registerKeysCommands(program, async () => ({
    administration: await house.administer({
      settings: house.settings(section),
      encryptionAlgorithms,
    }),
    clients,
    factors: { reseal: async () => 3 },
    resealPools: async () => ({ secrets: 4, verifiers: 5 }),
    mailAdministration: { reseal: async () => 2 },
    clock: house.clock,
    print: (text) => void printed.push(text),
    close: async () => void (closed += 1),
  }));
  await program.parseAsync(['keys', ...args], { from: 'user' });
  return printed.join('\n');
}

describe('latchkey keys', () => {
  test('list draws the life of the keys, fitting 80 columns, and closes what it opened', async () => {
    const text = await run('list');
    expect(text).toContain(`ES256  ${signerOf(node)?.kid.slice(0, 10)}`);
    expect(text).toContain('signs 30 d more');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(await run('list', '--ascii')).toMatch(/^[\x20-\x7e\n]+$/);
    expect(closed).toBe(2);
  });

  test('list --json tells all of it to programs', async () => {
    expect(JSON.parse(await run('list', '--json'))).toMatchObject([
      { kid: signerOf(node)?.kid, phase: 'signing' },
    ]);
  });

  test('rotate --now shows the wait, and --immediately does without', async () => {
    expect(await run('rotate', '--now')).toMatch(
      /^ES256: the key [\w-]{43} signs in 16 min 5 s, at 2027-.*Z, when every verifier can know it/,
    );
    expect(await run('rotate', '--now', '--immediately')).toMatch(
      /^ES256: the key .* signs from now on\.$/,
    );
    await expect.poll(() => phases(node)).toHaveLength(2);
  });

  test('rotate without --now, and with an algorithm that is none, does nothing', async () => {
    await expect(run('rotate')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEY_COMMAND_UNCLEAR' }),
    );
    await expect(run('rotate', '--now', '--algorithm', 'HS256')).rejects.toThrow('Allowed choices');
    expect(phases(node)).toHaveLength(1);
  });

  test('revoke says what becomes of the tokens and who signs now', async () => {
    const kid = signerOf(node)?.kid ?? '';
    const text = await run('revoke', '--reason', 'laptop stolen', '--', kid);
    expect(text).toContain(`the key ${kid} has left the key set of every node`);
    expect(text).toContain('What it signed is refused here from now on');
    await expect.poll(() => text).toContain(`The key ${signerOf(node)?.kid} signs from now on.`);
    expect(await run('list')).toContain('laptop stolen');
  });

  test('tells of keys that clients encrypt to as of what they are, and imports none', async () => {
    encryptionAlgorithms = ['RSA-OAEP-256'];
    const reading = await house.openNode({ encryptionAlgorithms });
    const kid = reading.current().decrypting[0]?.kid ?? '';
    const list = await run('list');
    expect(list).toMatch(/^RSA-OAEP-256 {2}[\w-]{10} .* is shown 30 d more$/m);
    for (const line of list.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(await run('rotate', '--now', '--algorithm', 'RSA-OAEP-256')).toMatch(
      /^RSA-OAEP-256: the key set shows the key [\w-]{43} in 1 min 5 s, at 2027-.*Z, when every node has it\.$/,
    );
    const revoked = await run('revoke', '--reason', 'laptop stolen', '--', kid);
    expect(revoked).toContain('What was encrypted to it is read no more.');
    expect(revoked).toMatch(/The key [\w-]{43} is shown from now on\./);
    await expect(run('import', 'own.pem', '--algorithm', 'RSA-OAEP-256')).rejects.toThrow(
      'Allowed choices',
    );
  });

  test('revoke wants a reason', async () => {
    await expect(run('revoke', 'abcdefgh')).rejects.toThrow("'--reason <text>' not specified");
  });

  test('import reads a file that nobody else can read', async () => {
    const path = `${house.folder}/own.pem`;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(path, pem, { mode: 0o644 });
    await expect(run('import', path, '--algorithm', 'ES256')).rejects.toThrow(
      'by everyone: chmod 600',
    );
    await writeFile(`${path}.2`, pem, { mode: 0o600 });
    expect(await run('import', `${path}.2`, '--algorithm', 'ES256')).toMatch(
      /is published and signs at 2027-/,
    );
  });

  test('reseal takes the new master key by reference', async () => {
    const path = `${house.folder}/new.key`;
    await writeFile(path, randomBytes(32).toString('base64'), { mode: 0o600 });
    await expect(run('reseal', '--to', `file:${path}`)).rejects.toThrow(
      'do not seal under that master key yet',
    );
    const both = {
      masterKey: { file: path },
      otherMasterKeys: [{ file: `${house.keysFolder}/master.key` }],
    };
    expect(await runWith(both, 'reseal', '--to', `file:${path}`)).toContain(
      'Sealed under the new master key: private keys 1, client secrets 4, SRP verifiers 5, authenticator apps 3, letters 2.',
    );
    await expect(run('reseal', '--to', path)).rejects.toThrow('file:PATH or env:NAME');
  });

  test('restore puts back what the state has lost', async () => {
    await node.close();
    await house.state.delete('main:ring:ES256');
    const copy = `${house.keysFolder}/ring-main-ES256.json`;
    expect(await run('restore', copy)).toBe(
      'ES256: version 1 of the ring with 1 keys is back in the state.',
    );
    await expect(run('restore', copy)).rejects.toThrow('nothing to restore');
  });
});
