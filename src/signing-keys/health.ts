import type { Clock } from '../runtime/clock.ts';
import { CONNECTED_SECONDS } from './promises.ts';
import type { RingView } from './ring-view.ts';
import { isForEncryption, type Ring } from './ring.ts';
import { signerOf } from './schedule.ts';
import type { SigningDoor } from './signing-door.ts';
import type { KeyAlgorithm, SigningKeysHealth } from './signing-keys.ts';

/** What the rings are judged by. */
interface HealthOptions {
  readonly view: RingView;
  readonly door: Pick<SigningDoor, 'has'>;
  /** Keys that could not be opened, in words. */
  readonly problems: () => readonly string[];
  readonly algorithms: readonly KeyAlgorithm[];
  readonly clock: Pick<Clock, 'now'>;
  readonly clockIsTrusted: () => boolean;
}

interface Judged {
  readonly rings: readonly Ring[];
  readonly now: number;
  /** Every ring that is wanted is there, and its key opens. */
  readonly isWhole: boolean;
}

/** What the rings say of themselves. Whether they may sign is asked for at every token, the words by operators. */
export function createHealth(options: HealthOptions): () => SigningKeysHealth {
  const { view, door, problems, algorithms, clock, clockIsTrusted } = options;
  const signing = algorithms.filter((algorithm) => !isForEncryption(algorithm));
  let judged: Judged | undefined;

  /** Changes with the rings and with the second. */
  function isWhole(): boolean {
    const [rings, now] = [view.rings(), clock.now()];
    if (judged?.rings === rings && judged.now === now) return judged.isWhole;
    judged = { rings, now, isWhole: judge(wantedOf(rings, signing), now) };
    return judged.isWhole;
  }

  function judge(wanted: readonly Ring[], now: number): boolean {
    const opens = (ring: Ring): boolean => {
      const signer = signerOf(ring, { now, wanted: true });
      return signer === undefined || door.has(signer.kid);
    };
    return wanted.length === signing.length && wanted.every(opens);
  }

  // One for all who ask: each looks anew.
  const health: SigningKeysHealth = {
    get maySign() {
      return view.secondsSinceRead() <= CONNECTED_SECONDS && isWhole();
    },
    get remarks() {
      const [age, now] = [view.secondsSinceRead(), clock.now()];
      return [
        ...(age <= CONNECTED_SECONDS ? [] : [cutOffRemark(age)]),
        ...view.problems(),
        ...problems(),
        ...wantedOf(view.rings(), algorithms).flatMap((ring) => scheduleRemark(ring, now) ?? []),
        ...(clockIsTrusted()
          ? []
          : ['the clock has jumped: no signing key is made until it has settled']),
      ];
    },
  };
  return () => health;
}

function wantedOf(rings: readonly Ring[], algorithms: readonly KeyAlgorithm[]): readonly Ring[] {
  return rings.filter(({ algorithm }) => algorithms.includes(algorithm));
}

function cutOffRemark(ageSeconds: number): string {
  const since = Number.isFinite(ageSeconds) ? `for ${Math.floor(ageSeconds)} s` : 'since the start';
  return `the signing keys could not be read from the state ${since}: nothing is signed, the known keys stay published`;
}

function scheduleRemark(ring: Ring, now: number): string | undefined {
  const signer = signerOf(ring, { now, wanted: true });
  const next = ring.keys.find((key) => key.signsFrom > now);
  const at = next && new Date(next.signsFrom * 1000).toISOString();
  if (!signer)
    return isForEncryption(ring.algorithm)
      ? `the key set shows a key for ${ring.algorithm} from ${at ?? 'its birth'} on: every node must have it first`
      : `${ring.algorithm} signs from ${at ?? 'its first key'} on: the key is published first`;
  const isOverdue = signer === ring.keys.at(-1) && now > signer.signsUntil;
  return isOverdue
    ? `the ${ring.algorithm} key should have been followed by another: it goes on until one is known`
    : undefined;
}
