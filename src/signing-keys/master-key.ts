import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecret } from '../config/secrets.ts';
import type { SecretReference } from '../config/values.ts';
import { readPrivateFile } from '../runtime/private-files.ts';
import { randomId } from '../runtime/random.ts';
import { createSealer, type Sealer } from '../runtime/sealing.ts';
import type { SigningKeysSettings } from './config.ts';
import { MasterKeyUnusable } from './faults.ts';

const BYTES = 32;
const BASE64 = /^[\w+/-]{43}=?$/;
const HEX = /^[\da-f]{64}$/i;
const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * The sealer of the installation: seals under `masterKey`, opens under the others, too. Without a
 * `masterKey` setting it is `master.key` in the folder, made now if it is missing.
 *
 * @throws {MasterKeyUnusable} when a master key is not 32 bytes in base64url or hex, or the file cannot be made.
 */
export async function openSealer(
  settings: Pick<SigningKeysSettings, 'masterKey' | 'otherMasterKeys' | 'folder'>,
): Promise<Sealer> {
  const { masterKey, otherMasterKeys, folder } = settings;
  const first = masterKey ? await readMasterKey(masterKey) : await ownMasterKey(folder);
  const others = await Promise.all(otherMasterKeys.map(readMasterKey));
  return createSealer([first, ...others]);
}

/**
 * The master key that `reference` points to.
 *
 * @throws {MasterKeyUnusable} when it is not 32 bytes in base64url or hex.
 */
export async function readMasterKey(reference: SecretReference): Promise<Uint8Array> {
  const place = 'file' in reference ? reference.file : `the variable ${reference.env}`;
  return parseMasterKey(await readSecret(reference), place);
}

async function ownMasterKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'master.key');
  const found = (await readPrivateFile(path)) ?? (await makeMasterKey(folder, path));
  return parseMasterKey(found.toString('utf8').trim(), path);
}

/** Of several nodes that start on one folder, all get the key of the first: a link never replaces a file. */
async function makeMasterKey(folder: string, path: string): Promise<Buffer> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    await writeAndSync(temporary, `${randomId(BYTES, 'master key')}\n`);
    await link(temporary, path).catch(unlessItExists);
    await rm(temporary);
    await syncFolder(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MasterKeyUnusable(
      `cannot make the master key ${path}: ${reason}. Make the folder writable, or name a key of your own in masterKey.`,
      { cause },
    );
  }
  const made = await readPrivateFile(path);
  if (!made) throw new MasterKeyUnusable(`the master key ${path} has vanished`);
  return made;
}

function unlessItExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function writeAndSync(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', OWNER_ONLY);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function parseMasterKey(text: string, place: string): Uint8Array {
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (bytes?.length === BYTES) return bytes;
  throw new MasterKeyUnusable(
    `${place} is no master key: write 32 random bytes into it, for example by: openssl rand -base64 32`,
  );
}
