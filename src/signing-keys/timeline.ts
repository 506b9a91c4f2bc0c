import type { Ring, RingKey } from './ring.ts';
import { phaseOf, signsUntil, type Look } from './schedule.ts';
import type { KeyPhase, KeyAlgorithm } from './signing-keys.ts';

/** What became or will become of one key. All instants are NumericDates. */
export interface KeyLife {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
  /** `retired`: out of the key set, known for hints. `revoked`: never believed again. */
  readonly phase: KeyPhase | 'retired' | 'revoked';
  readonly source?: RingKey['source'] | undefined;
  readonly publishedAt?: number | undefined;
  readonly signsFrom?: number | undefined;
  /** Its last signature: as another key takes over, or as is planned. */
  readonly signsUntil?: number | undefined;
  /** When it leaves the key set. */
  readonly verifiesUntil?: number | undefined;
  /** Of a retired key: when it is forgotten. */
  readonly knownUntil?: number | undefined;
  readonly revokedAt?: number | undefined;
  readonly reason?: string | undefined;
}

/** Every key of `ring` at one instant, oldest first. */
export function livesOf(ring: Ring, look: Look): readonly KeyLife[] {
  const { algorithm } = ring;
  const retired = ring.retired.map(({ kid, until }): KeyLife => ({
    kid,
    algorithm,
    phase: 'retired',
    knownUntil: until,
  }));
  const revoked = ring.revoked.map(({ kid, at, reason }): KeyLife => ({
    kid,
    algorithm,
    phase: 'revoked',
    revokedAt: at,
    reason,
  }));
  return [...revoked, ...retired, ...ring.keys.map((key) => lifeOf(ring, key, look))];
}

function lifeOf(ring: Ring, key: RingKey, look: Look): KeyLife {
  const phase = phaseOf(ring, key, look);
  const handover = signsUntil(ring, key);
  // Nobody follows yet: then as planned, or from now on if that time is over.
  const stopsAt = Number.isFinite(handover) ? handover : Math.max(key.signsUntil, look.now);
  return {
    kid: key.kid,
    algorithm: ring.algorithm,
    phase: phase === 'gone' ? 'retired' : phase,
    source: key.source,
    publishedAt: key.publishedAt,
    // The successor of a revoked key has its place in time, but cannot have signed before it was there.
    signsFrom: Math.max(key.signsFrom, key.publishedAt),
    signsUntil: stopsAt,
    verifiesUntil: stopsAt + key.verifyForSeconds,
  };
}
