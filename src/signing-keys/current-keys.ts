import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { DecryptionDoor } from './decryption-door.ts';
import { buildKeySet } from './key-set.ts';
import type { RingView } from './ring-view.ts';
import type { SigningDoor } from './signing-door.ts';
import type { KeySet, KeyAlgorithm, SigningKeys } from './signing-keys.ts';

/** The key set as time and the rings make it, and those who want to hear of each change. */
export interface CurrentKeys extends Pick<SigningKeys, 'current' | 'onChange'> {
  /** To be called when the rings have changed, and whenever a change is due. */
  rebuild(): void;
}

/** Key sets are built when something changed; `current` never gives one whose time is over. */
export function createCurrentKeys(options: {
  readonly view: Pick<RingView, 'rings'>;
  readonly door: Pick<SigningDoor, 'sign'>;
  readonly decryptionDoor: Pick<DecryptionDoor, 'decrypt'>;
  readonly algorithms: readonly KeyAlgorithm[];
  readonly clock: Clock;
  readonly logger: Logger;
}): CurrentKeys {
  const { view, clock, logger } = options;
  const listeners = new Set<(keys: KeySet) => void>();
  let keys = build();

  function build(): KeySet {
    return buildKeySet(view.rings(), { ...options, now: clock.now() });
  }

  function rebuild(): void {
    const next = build();
    const previous = keys;
    keys = next;
    if (next.version === previous.version) return;
    tellSigners(previous, next, logger);
    for (const listener of listeners) callSafely(listener, next, logger);
  }

  return {
    current() {
      if (keys.changesAt !== undefined && clock.now() >= keys.changesAt) rebuild();
      return keys;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    rebuild,
  };
}

function tellSigners(previous: KeySet, next: KeySet, logger: Logger): void {
  const signedBefore = new Set(
    previous.keys.filter(({ phase }) => phase === 'signing').map(({ kid }) => kid),
  );
  for (const { kid, algorithm, phase } of next.keys) {
    if (phase === 'signing' && !signedBefore.has(kid))
      logger.info({ event: 'key.signing', kid, algorithm }, 'a signing key began to sign');
  }
}

/** One listener that fails must not keep the others from the new keys. */
function callSafely(listener: (keys: KeySet) => void, keys: KeySet, logger: Logger): void {
  try {
    listener(keys);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    logger.error(
      { event: 'key.listener_failed', error },
      'a part of the node missed new signing keys',
    );
  }
}
