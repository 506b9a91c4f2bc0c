import type { Clock } from '../runtime/clock.ts';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { KeyNotSigning, SigningSuspended } from './faults.ts';
import { CONNECTED_SECONDS, IN_FLIGHT_SECONDS } from './promises.ts';
import type { RingView } from './ring-view.ts';
import { isForEncryption, type Ring, type RingKey } from './ring.ts';
import { signsUntil } from './schedule.ts';
import { openSigner, type Signer } from './signers.ts';

interface Lease {
  readonly sign: Signer;
  /** NumericDate after which it signs no more. */
  readonly until: number;
}

/** The only way to the private keys that sign on this node. */
export interface SigningDoor {
  /** Opens the keys that `rings` have come to hold, and closes those that are no longer in them. */
  admit(rings: readonly Ring[]): void;
  /** As `SigningKey.sign`, for a key that is known to be in its `signing` phase. */
  sign(kid: string, data: Uint8Array): Uint8Array | Promise<Uint8Array>;
  has(kid: string): boolean;
  /** Keys whose private half could not be opened, in words. */
  problems(): readonly string[];
}

/** A door that is shut while `view` is cut off from state. */
export function createSigningDoor(options: {
  readonly view: Pick<RingView, 'secondsSinceRead' | 'refresh'>;
  readonly namespace: string;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): SigningDoor {
  const { view, namespace, sealer, clock } = options;
  let leases: ReadonlyMap<string, Lease> = new Map();
  let problems: readonly string[] = [];

  function lease(ring: Ring, key: RingKey): Lease | string | undefined {
    const { algorithm } = ring;
    if (key.sealed === undefined || isForEncryption(algorithm)) return undefined;
    const identity = { namespace, algorithm, kid: key.kid };
    const until = signsUntil(ring, key) + IN_FLIGHT_SECONDS;
    try {
      const sign = leases.get(key.kid)?.sign ?? openSigner(key.sealed, identity, sealer);
      return { sign, until };
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      return `the private half of the ${algorithm} key ${key.kid} does not open: ${error.message}`;
    }
  }

  function signNow(kid: string, data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const held = leases.get(kid);
    if (!held || clock.now() >= held.until)
      throw new KeyNotSigning(`the key ${kid} does not sign, or no longer`);
    return held.sign(data);
  }

  async function signAfterReading(kid: string, data: Uint8Array): Promise<Uint8Array> {
    await readAgain(view);
    return signNow(kid, data);
  }

  return {
    admit(rings) {
      const found = rings.flatMap((ring) =>
        ring.keys.map((key) => [key.kid, lease(ring, key)] as const),
      );
      leases = new Map(
        found.flatMap(([kid, held]) => (typeof held === 'object' ? [[kid, held]] : [])),
      );
      problems = found.flatMap(([, held]) => (typeof held === 'string' ? [held] : []));
    },
    sign: (kid, data) =>
      view.secondsSinceRead() <= CONNECTED_SECONDS
        ? signNow(kid, data)
        : signAfterReading(kid, data),
    has: (kid) => leases.has(kid),
    problems: () => problems,
  };
}

/**
 * Reads the rings where that is too long ago. A reading that was already under way may be older than the pause that made it
 * necessary: then another.
 *
 * @throws {SigningSuspended} when there is no reading them.
 */
export async function readAgain(
  view: Pick<RingView, 'secondsSinceRead' | 'refresh'>,
): Promise<void> {
  if (view.secondsSinceRead() <= CONNECTED_SECONDS) return;
  try {
    await view.refresh();
    if (view.secondsSinceRead() > CONNECTED_SECONDS) await view.refresh();
  } catch (error) {
    throw new SigningSuspended('the state does not answer, so nothing is signed', { cause: error });
  }
  if (view.secondsSinceRead() > CONNECTED_SECONDS)
    throw new SigningSuspended('the rings in the state cannot be used, so nothing is signed');
}
