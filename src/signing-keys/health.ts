import { CONNECTED_SECONDS } from './promises.ts';
import type { RingView } from './ring-view.ts';
import type { Ring } from './ring.ts';
import { signerOf } from './schedule.ts';
import type { SigningDoor } from './signing-door.ts';
import type { SigningAlgorithm, SigningKeysHealth } from './signing-keys.ts';

/** What the rings say of themselves at `now`. */
export function healthOf(options: {
  readonly view: RingView;
  readonly door: SigningDoor;
  readonly algorithms: readonly SigningAlgorithm[];
  readonly now: number;
  readonly clockIsTrusted: boolean;
}): SigningKeysHealth {
  const { view, door, algorithms, now, clockIsTrusted } = options;
  const age = view.secondsSinceRead();
  const isConnected = age <= CONNECTED_SECONDS;
  const wanted = view.rings().filter(({ algorithm }) => algorithms.includes(algorithm));
  const unopened = wanted.flatMap((ring) => {
    const signer = signerOf(ring, { now, wanted: true });
    return signer && !door.has(signer.kid) ? [signer.kid] : [];
  });
  return {
    maySign: isConnected && wanted.length === algorithms.length && unopened.length === 0,
    // Asked for at every request; the words only by operators.
    get remarks() {
      return [
        ...(isConnected ? [] : [cutOffRemark(age)]),
        ...view.problems(),
        ...door.problems(),
        ...wanted.flatMap((ring) => scheduleRemark(ring, now) ?? []),
        ...(clockIsTrusted
          ? []
          : ['the clock has jumped: no signing key is made until it has settled']),
      ];
    },
  };
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
    return `${ring.algorithm} signs from ${at ?? 'its first key'} on: the key is published first`;
  const isOverdue = signer === ring.keys.at(-1) && now > signer.signsUntil;
  return isOverdue
    ? `the ${ring.algorithm} key should have been followed by another: it goes on signing until one is known`
    : undefined;
}
