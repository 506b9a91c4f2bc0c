import { sha256 } from '../runtime/digest.ts';
import { KeyNotSigning } from './faults.ts';
import { nextChange, phaseOf, type Look } from './schedule.ts';
import { isForEncryption, type Ring, type RingKey } from './ring.ts';
import type { SigningDoor } from './signing-door.ts';
import type { DecryptionDoor } from './decryption-door.ts';
import type {
  DecryptionKey,
  EncryptionAlgorithm,
  KeyAlgorithm,
  KeyPhase,
  KeySet,
  RetiredKey,
  RevokedKeyName,
  SigningAlgorithm,
  SigningKey,
} from './signing-keys.ts';
import type { KeyLife } from './timeline.ts';

const PHASE_ORDER: readonly KeyPhase[] = ['signing', 'published', 'verifying'];
const VERSION_CHARACTERS = 16;

/** The key set that `rings` make at `now`. */
export function buildKeySet(
  rings: readonly Ring[],
  options: {
    readonly now: number;
    readonly algorithms: readonly KeyAlgorithm[];
    readonly door: Pick<SigningDoor, 'sign'>;
    readonly decryptionDoor: Pick<DecryptionDoor, 'decrypt'>;
  },
): KeySet {
  const { now, algorithms, door, decryptionDoor } = options;
  const lookAt = ({ algorithm }: Ring): Look => ({ now, wanted: algorithms.includes(algorithm) });
  const signing = rings.filter(isOfSigning);
  const keys = signing.flatMap((ring) => publishedKeys(ring, lookAt(ring), door));
  const decrypting = rings
    .filter(isOfEncryption)
    .flatMap((ring) => decryptionKeys(ring, lookAt(ring), decryptionDoor));
  const retired = signing.flatMap((ring) => retiredKeys(ring, lookAt(ring)));
  const revoked = rings.flatMap(revokedKeys);
  const changes = rings.flatMap((ring) => nextChange(ring, lookAt(ring)) ?? []);
  const changesAt = changes.length === 0 ? undefined : Math.min(...changes);
  const version = versionOf([...keys, ...decrypting], retired);
  return { version, keys, decrypting, retired, revoked, changesAt };
}

/** Where every key stands, also those that are no longer published: that one was revoked must not go unnoticed. */
export function standingsOf({
  keys,
  decrypting,
  retired,
  revoked,
}: KeySet): readonly Pick<KeyLife, 'algorithm' | 'phase'>[] {
  return [
    ...keys,
    ...decrypting,
    ...retired.map(({ algorithm }) => ({ algorithm, phase: 'retired' as const })),
    ...revoked.map(({ algorithm }) => ({ algorithm, phase: 'revoked' as const })),
  ];
}

type SigningRing = Ring & { readonly algorithm: SigningAlgorithm };
type EncryptionRing = Ring & { readonly algorithm: EncryptionAlgorithm };

function isOfSigning(ring: Ring): ring is SigningRing {
  return !isForEncryption(ring.algorithm);
}

function isOfEncryption(ring: Ring): ring is EncryptionRing {
  return isForEncryption(ring.algorithm);
}

function publishedKeys(
  ring: SigningRing,
  look: Look,
  door: Pick<SigningDoor, 'sign'>,
): readonly SigningKey[] {
  return inPhases(ring, look).map(([key, phase]) => signingKey(ring, key, phase, door));
}

/** Keys that are not gone, with their phases, the one in use first. */
function inPhases(ring: Ring, look: Look): readonly (readonly [RingKey, KeyPhase])[] {
  const keys = ring.keys.flatMap((key) => {
    const phase = phaseOf(ring, key, look);
    return phase === 'gone' ? [] : [[key, phase] as const];
  });
  return keys.toSorted(([, a], [, b]) => PHASE_ORDER.indexOf(a) - PHASE_ORDER.indexOf(b));
}

/** Of an algorithm that is no longer wanted none is shown, and what was encrypted already is still read. */
function decryptionKeys(
  ring: EncryptionRing,
  look: Look,
  door: Pick<DecryptionDoor, 'decrypt'>,
): readonly DecryptionKey[] {
  return inPhases(ring, look).map(([{ kid, publicJwk }, phase]) =>
    Object.freeze({
      kid,
      algorithm: ring.algorithm,
      phase: look.wanted ? phase : 'verifying',
      publicJwk,
      decrypt: (jwe: string) => door.decrypt(kid, jwe),
    }),
  );
}

function signingKey(
  ring: SigningRing,
  { kid, publicJwk }: RingKey,
  phase: KeyPhase,
  door: Pick<SigningDoor, 'sign'>,
): SigningKey {
  const sign =
    phase === 'signing'
      ? (data: Uint8Array) => door.sign(kid, data)
      : () => {
          throw new KeyNotSigning(`the key ${kid} is in its ${phase} phase`);
        };
  return Object.freeze({ kid, algorithm: ring.algorithm, phase, publicJwk, sign });
}

/** With those that have left the key set but not yet been moved in the ring. */
function retiredKeys(ring: SigningRing, look: Look): readonly RetiredKey[] {
  const gone = ring.keys.filter((key) => phaseOf(ring, key, look) === 'gone');
  const kept = ring.retired.filter(({ until }) => look.now < until);
  return [...kept, ...gone]
    .toReversed()
    .map(({ kid, publicJwk }) => ({ kid, algorithm: ring.algorithm, publicJwk }));
}

function revokedKeys({ algorithm, revoked }: Ring): readonly RevokedKeyName[] {
  return revoked.map(({ kid }) => ({ kid, algorithm }));
}

function versionOf(
  keys: readonly Pick<SigningKey, 'kid' | 'phase'>[],
  retired: readonly RetiredKey[],
): string {
  const told = [
    ...keys.map(({ kid, phase }) => `${kid} ${phase}`),
    ...retired.map(({ kid }) => kid),
  ];
  return sha256(told.join('\n')).slice(0, VERSION_CHARACTERS);
}
