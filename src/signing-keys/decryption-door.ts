import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { openDecrypter, type Decrypter } from './decrypters.ts';
import { isForEncryption, type Ring, type RingKey } from './ring.ts';

/** The only way to the private keys that others encrypt to. Open also while the state does not answer: it gives nothing out. */
export interface DecryptionDoor {
  /** Opens the keys that `rings` have come to hold, and closes those that are no longer in them. */
  admit(rings: readonly Ring[]): void;
  /** As `DecryptionKey.decrypt`; undefined also of a key that is not here. */
  decrypt(kid: string, jwe: string): Promise<string | undefined>;
  /** Keys whose private half could not be opened, in words. */
  problems(): readonly string[];
}

/** A door for the rings of `namespace`. */
export function createDecryptionDoor(options: {
  readonly namespace: string;
  readonly sealer: Sealer;
}): DecryptionDoor {
  const { namespace, sealer } = options;
  let decrypters: ReadonlyMap<string, Decrypter> = new Map();
  let problems: readonly string[] = [];

  function open({ algorithm }: Ring, { kid, sealed }: RingKey): Decrypter | string | undefined {
    if (sealed === undefined || !isForEncryption(algorithm)) return undefined;
    try {
      return decrypters.get(kid) ?? openDecrypter(sealed, { namespace, algorithm, kid }, sealer);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      return `the private half of the ${algorithm} key ${kid} does not open: ${error.message}`;
    }
  }

  return {
    admit(rings) {
      const found = rings.flatMap((ring) =>
        ring.keys.map((key) => [key.kid, open(ring, key)] as const),
      );
      decrypters = new Map(
        found.flatMap(([kid, held]) => (typeof held === 'function' ? [[kid, held]] : [])),
      );
      problems = found.flatMap(([, held]) => (typeof held === 'string' ? [held] : []));
    },
    decrypt: async (kid, jwe) => decrypters.get(kid)?.(jwe),
    problems: () => problems,
  };
}
