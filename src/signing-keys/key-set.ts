import { sha256 } from '../runtime/digest.ts';
import { KeyNotSigning } from './faults.ts';
import { nextChange, phaseOf, type Look } from './schedule.ts';
import type { Ring, RingKey } from './ring.ts';
import type { SigningDoor } from './signing-door.ts';
import type {
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
    readonly algorithms: readonly SigningAlgorithm[];
    readonly door: Pick<SigningDoor, 'sign'>;
  },
): KeySet {
  const { now, algorithms, door } = options;
  const looks = rings.map((ring) => ({
    ring,
    look: { now, wanted: algorithms.includes(ring.algorithm) },
  }));
  const keys = looks.flatMap(({ ring, look }) => publishedKeys(ring, look, door));
  const retired = looks.flatMap(({ ring, look }) => retiredKeys(ring, look));
  const revoked = rings.flatMap(revokedKeys);
  const changes = looks.flatMap(({ ring, look }) => nextChange(ring, look) ?? []);
  const changesAt = changes.length === 0 ? undefined : Math.min(...changes);
  return { version: versionOf(keys, retired), keys, retired, revoked, changesAt };
}

/** Where every key stands, also those that are no longer published: that one was revoked must not go unnoticed. */
export function standingsOf({
  keys,
  retired,
  revoked,
}: KeySet): readonly Pick<KeyLife, 'algorithm' | 'phase'>[] {
  return [
    ...keys,
    ...retired.map(({ algorithm }) => ({ algorithm, phase: 'retired' as const })),
    ...revoked.map(({ algorithm }) => ({ algorithm, phase: 'revoked' as const })),
  ];
}

function publishedKeys(
  ring: Ring,
  look: Look,
  door: Pick<SigningDoor, 'sign'>,
): readonly SigningKey[] {
  const keys = ring.keys.flatMap((key) => {
    const phase = phaseOf(ring, key, look);
    return phase === 'gone' ? [] : [signingKey(ring, key, phase, door)];
  });
  return keys.toSorted((a, b) => PHASE_ORDER.indexOf(a.phase) - PHASE_ORDER.indexOf(b.phase));
}

function signingKey(
  ring: Ring,
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
function retiredKeys(ring: Ring, look: Look): readonly RetiredKey[] {
  const gone = ring.keys.filter((key) => phaseOf(ring, key, look) === 'gone');
  const kept = ring.retired.filter(({ until }) => look.now < until);
  return [...kept, ...gone]
    .toReversed()
    .map(({ kid, publicJwk }) => ({ kid, algorithm: ring.algorithm, publicJwk }));
}

function revokedKeys({ algorithm, revoked }: Ring): readonly RevokedKeyName[] {
  return revoked.map(({ kid }) => ({ kid, algorithm }));
}

function versionOf(keys: readonly SigningKey[], retired: readonly RetiredKey[]): string {
  const told = [
    ...keys.map(({ kid, phase }) => `${kid} ${phase}`),
    ...retired.map(({ kid }) => kid),
  ];
  return sha256(told.join('\n')).slice(0, VERSION_CHARACTERS);
}
