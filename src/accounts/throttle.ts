import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import { networkOf } from './addresses.ts';
import type { SignInSettings } from './config.ts';
import { createFailureCounters, type Counted } from './failure-counters.ts';
import {
  acquaintanceLimits,
  acquaintancesLimit,
  strangerLimits,
  strangersLimit,
} from './throttle-limits.ts';

/** Leave to check one password. Either of its ends is called once. */
export interface Admitted {
  readonly kind: 'admitted';
  /** The password was right: what was counted is given back, and the address is known from now on. */
  succeeded(): Promise<void>;
  /** Nothing was checked after all: what was counted is given back. */
  withdraw(): Promise<void>;
}

/** No leave. */
interface Throttled {
  readonly kind: 'throttled';
  /** An upper bound; a success or a new password ends it sooner. */
  readonly retryAfterSeconds: number;
  /** The first refusal since the limit was reached: worth a record, where the thousandth is not. */
  readonly isFirst: boolean;
}

/** Counts guesses, each before it is looked at, so that many at once cannot slip through together. */
export interface Throttle {
  /** @throws {StateUnavailable} and nobody is admitted: a limit that cannot be counted is reached. */
  admit(attempt: {
    /** Folded; of nobody's too, since both must read the same. */
    readonly login: string;
    readonly address: string;
  }): Promise<Admitted | Throttled>;
  /** Forgets the failures in a row of these sign-in names: an operator or a new password clears them. */
  forgive(logins: readonly string[]): Promise<void>;
}

export interface ThrottleOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly limits: SignInSettings['limits'];
}

/** How old the note of a known address may grow before a sign-in writes it anew. */
const NOTE_FRESH_SECONDS = 86_400;

/**
 * Strangers and acquaintances have budgets of their own: an address that a name has signed in from goes on
 * when strangers have used up theirs, so that the path is blocked and not the person. Whoever shares such
 * an address with the person can tell that the name exists once strangers are blocked; nobody else can.
 */
export function createThrottle({ state, clock, limits }: ThrottleOptions): Throttle {
  const counters = createFailureCounters(state);

  async function refuse(
    counted: readonly Counted[],
    reached: readonly Counted[],
  ): Promise<Throttled> {
    // A path that is blocked must not use up what others have, however hard it knocks.
    await counters.giveBackOne(counted.filter((one) => !reached.includes(one)));
    return {
      kind: 'throttled',
      retryAfterSeconds: Math.max(...reached.map(({ limit }) => limit.ttlSeconds)),
      isFirst: reached.some(({ limit, count }) => count === limit.max + 1),
    };
  }

  async function admit(attempt: {
    readonly login: string;
    readonly address: string;
  }): Promise<Admitted | Throttled> {
    const name = sha256(attempt.login);
    const network = sha256(networkOf(attempt.address));
    const noteKey = `sign-in:known:${name}:${network}`;
    const note = await state.get(noteKey);
    const limitsFor = note ? acquaintanceLimits : strangerLimits;
    const other = note ? strangersLimit(name, limits) : acquaintancesLimit(name, limits);
    const [counted, otherCount] = await Promise.all([
      counters.countAll(limitsFor(name, network, limits)),
      counters.read(other),
    ]);
    const reached = counted.filter(({ limit, count }) => count > limit.max);
    if (reached.length > 0) return await refuse(counted, reached);
    return {
      kind: 'admitted',
      async succeeded() {
        const notedAt = typeof note?.value === 'number' ? note.value : -Infinity;
        const isStale = clock.now() - notedAt >= NOTE_FRESH_SECONDS;
        await Promise.all([
          ...counted.map(({ limit, count }) =>
            counters.giveBack(limit, limit.isCleared ? count : 1),
          ),
          counters.giveBack(other, otherCount),
          ...(isStale ? [remember(noteKey)] : []),
        ]);
      },
      withdraw: () => counters.giveBackOne(counted),
    };
  }

  async function remember(noteKey: string): Promise<void> {
    await state.put(noteKey, clock.now(), { ttlSeconds: limits.addressKnownFor });
  }

  async function forgive(logins: readonly string[]): Promise<void> {
    const rows = logins
      .map(sha256)
      .flatMap((name) => [strangersLimit(name, limits), acquaintancesLimit(name, limits)]);
    await Promise.all(
      rows.map(async (limit) => counters.giveBack(limit, await counters.read(limit))),
    );
  }

  return { admit, forgive };
}
