import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { State } from '../storage/state.ts';
import { createClockWatch } from './clock-watch.ts';
import type { SigningKeysSettings } from './config.ts';
import { createCurrentKeys } from './current-keys.ts';
import { RingBroken } from './faults.ts';
import { followRings } from './follow-rings.ts';
import { createDecryptionDoor } from './decryption-door.ts';
import { createHealth } from './health.ts';
import { createKeyMaker } from './key-material.ts';
import { CONNECTED_SECONDS, plansOf } from './promises.ts';
import { createRingCopies } from './ring-copies.ts';
import { createRingKeeper, type Workshop } from './ring-keeper.ts';
import { createRingStore } from './ring-store.ts';
import { createRingView } from './ring-view.ts';
import type { Ring } from './ring.ts';
import { createSigningDoor, readAgain } from './signing-door.ts';
import type { EncryptionAlgorithm, SigningKeys } from './signing-keys.ts';
import { startRings } from './start-rings.ts';

/** What the rings of one issuer need. */
export interface SigningKeysOptions {
  readonly settings: SigningKeysSettings;
  readonly state: State;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly sealer: Sealer;
  /** Of the issuer profile: prefixes keys in state and file names. */
  readonly namespace: string;
  /** What others may encrypt to us by; left out: nothing. */
  readonly encryptionAlgorithms?: readonly EncryptionAlgorithm[] | undefined;
  /** Time that only passes, to tell a jump of the clock; left out: the process's own. */
  readonly elapsedMs?: (() => number) | undefined;
  /** Ends a start that waits for the state. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the rings of every algorithm, gives birth to them on the very first start, and keeps them turning.
 *
 * @throws {RingBroken} when a ring is broken or lost: never new keys in silence.
 */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const {
    settings,
    clock,
    logger,
    sealer,
    namespace,
    elapsedMs = () => performance.now(),
  } = options;
  const shop = workshopOf(options);
  const { algorithms } = shop;
  const copies = createRingCopies({ folder: settings.folder, namespace, sealer, logger });
  const signal = options.signal ?? new AbortController().signal;
  const copied = await startRings({ ...shop, copies, namespace, signal });

  let copying = Promise.resolve();
  const copyAfter = async (earlier: Promise<void>, news: readonly Ring[]): Promise<void> => {
    await earlier;
    for (const ring of news) await copies.write(ring);
  };
  const onNews = (news: readonly Ring[]): void => {
    admit();
    current.rebuild();
    copying = copyAfter(copying, news);
  };
  const view = createRingView({ store: shop.store, elapsedMs, logger, onNews, copies: copied });
  const door = createSigningDoor({ view, namespace, sealer, clock });
  const decryptionDoor = createDecryptionDoor({ namespace, sealer });
  const admit = (): void => {
    for (const one of [door, decryptionDoor]) one.admit(view.rings());
  };
  const problems = (): readonly string[] => [...door.problems(), ...decryptionDoor.problems()];
  admit();
  const current = createCurrentKeys({ view, door, decryptionDoor, algorithms, clock, logger });
  const watch = createClockWatch(clock, elapsedMs);
  if (copied.length === 0) await view.refresh();
  refuseUnopened(problems());
  await copying;
  const keeper = createRingKeeper(shop, view, watch);
  const follower = followRings({ store: shop.store, view, current, keeper, clock, logger });

  return {
    current: current.current,
    onChange: current.onChange,
    health: createHealth({
      view,
      door,
      problems,
      algorithms,
      clock,
      clockIsTrusted: watch.isTrusted,
    }),
    catchUp: () => readAgain(view),
    jwksMaxAgeSeconds: () => maxAge(settings.jwksMaxAge, view.secondsSinceRead()),
    async close() {
      await follower.close();
      await copying;
    },
  };
}

/** The tools for making and keeping keys, from what a node was opened with. */
function workshopOf(options: SigningKeysOptions): Workshop {
  const { settings, state, clock, logger, audit, sealer, namespace } = options;
  return {
    store: createRingStore({ state, namespace, sealer }),
    planFor: plansOf(settings),
    algorithms: [...settings.algorithms, ...(options.encryptionAlgorithms ?? [])],
    make: createKeyMaker(namespace, sealer),
    clock,
    audit,
    logger,
  };
}

function refuseUnopened(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new RingBroken(
    `${problems.join('\n')}\nGive this node the master key under which it was sealed (masterKey or otherMasterKeys).`,
  );
}

/** What verifiers were promised when the last reading was good is kept to the second. */
function maxAge(jwksMaxAgeSeconds: number, secondsSinceRead: number): number {
  const late = Math.max(0, secondsSinceRead - CONNECTED_SECONDS);
  return Math.max(0, Math.floor(jwksMaxAgeSeconds - late));
}
