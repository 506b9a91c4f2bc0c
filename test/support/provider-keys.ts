import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { createSealer } from '../../src/runtime/sealing.ts';
import { openDecrypter } from '../../src/signing-keys/decrypters.ts';
import { KeyNotSigning } from '../../src/signing-keys/faults.ts';
import { createKeyMaker } from '../../src/signing-keys/key-material.ts';
import type {
  DecryptionKey,
  EncryptionAlgorithm,
  KeyPhase,
  KeySet,
  SigningAlgorithm,
  SigningKey,
  SigningKeys,
} from '../../src/signing-keys/signing-keys.ts';

/** Signing keys that turn when a test says so. */
export interface TurningKeys extends SigningKeys {
  /** New keys sign; those before only verify. */
  rotate(): Promise<void>;
  /** Takes all keys but those that sign out of the key set; they stay known for hints. */
  retire(): void;
  /** As if this node were cut off from the state. */
  halt(isHalted: boolean): void;
}

interface Pair {
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicJwk: Record<string, string>;
  readonly kid: string;
}

const pool: Promise<Pair>[] = [];
let drawn = 0;

/** RSA keys take long to make, so tests of one file share a few; each house begins at the next. */
function nextPair(algorithm: SigningAlgorithm): Promise<Pair> {
  if (algorithm !== 'RS256') return createPair(algorithm);
  const slot = drawn % 4;
  drawn += 1;
  pool[slot] ??= createPair('RS256');
  return pool[slot];
}

async function createPair(algorithm: SigningAlgorithm): Promise<Pair> {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const kid = await calculateJwkThumbprint(jwk);
  return {
    algorithm,
    privateKey: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' },
    kid,
  };
}

/** A key that others encrypt to, as the rings make it. */
export async function createDecryptionKey(
  algorithm: EncryptionAlgorithm,
  phase: KeyPhase = 'signing',
): Promise<DecryptionKey> {
  const sealer = createSealer([randomBytes(32)]);
  const { kid, publicJwk, sealed } = await createKeyMaker('test', sealer)(algorithm);
  const decrypt = openDecrypter(sealed, { namespace: 'test', algorithm, kid }, sealer);
  return { kid, algorithm, phase, publicJwk, decrypt };
}

/** One RS256 and one ES256 key, and those that others encrypt to, shared by all nodes that are given the result. */
export async function createTurningKeys(
  decrypting: readonly DecryptionKey[] = [],
): Promise<TurningKeys> {
  let signing = [await nextPair('RS256'), await nextPair('ES256')];
  let verifying: Pair[] = [];
  let retired: Pair[] = [];
  let version = 1;
  let isHalted = false;
  const listeners = new Set<(keys: KeySet) => void>();

  const keyOf = (pair: Pair, phase: KeyPhase): SigningKey => ({
    kid: pair.kid,
    algorithm: pair.algorithm,
    phase,
    publicJwk: pair.publicJwk,
    sign(data) {
      if (phase !== 'signing') throw new KeyNotSigning(`${pair.kid} does not sign`);
      return sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    },
  });
  const build = (): KeySet => ({
    version: String(version),
    keys: [
      ...signing.map((pair) => keyOf(pair, 'signing')),
      ...verifying.map((pair) => keyOf(pair, 'verifying')),
    ],
    decrypting,
    retired: retired.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicJwk })),
    revoked: [],
    changesAt: undefined,
  });
  let keySet = build();
  const change = (): void => {
    version += 1;
    keySet = build();
    for (const listener of listeners) listener(keySet);
  };

  return {
    current: () => keySet,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    catchUp: async () => {},
    jwksMaxAgeSeconds: () => 900,
    health: () => ({ maySign: !isHalted, remarks: [] }),
    close: async () => listeners.clear(),
    async rotate() {
      verifying = [...signing, ...verifying];
      signing = [await createPair('RS256'), await createPair('ES256')];
      change();
    },
    retire() {
      retired = [...verifying, ...retired];
      verifying = [];
      change();
    },
    halt(halted) {
      isHalted = halted;
    },
  };
}
