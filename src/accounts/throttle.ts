import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import { networkOf } from './addresses.ts';
import type { SignInSettings } from './config.ts';

/** Leave to check one password. Either of its ends is called once. */
export interface Admitted {
  readonly kind: 'admitted';
  /** The password was right: what was counted is given back, and the address is known from now on. */
  succeeded(): Promise<void>;
  /** Nothing was checked after all: what was counted is given back. */
  withdraw(): Promise<void>;
}

/** No leave. */
export interface Throttled {
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

interface Limit {
  readonly key: string;
  readonly max: number;
  readonly ttlSeconds: number;
  /** A success clears it; of the others, a success only takes back what itself had added. */
  readonly isInARow: boolean;
}

/** How old the note of a known address may grow before a sign-in writes it anew. */
const NOTE_FRESH_SECONDS = 86_400;

/**
 * Strangers and acquaintances have budgets of their own: an address that a name has signed in from goes on
 * when strangers have used up theirs, so that the path is blocked and not the person. Whoever shares such
 * an address with the person can tell that the name exists once strangers are blocked; nobody else can.
 */
export function createThrottle({ state, clock, limits }: ThrottleOptions): Throttle {
  async function admit(attempt: {
    readonly login: string;
    readonly address: string;
  }): Promise<Admitted | Throttled> {
    const name = sha256(attempt.login);
    const network = sha256(networkOf(attempt.address));
    const noteKey = `sign-in:known:${name}:${network}`;
    const note = await state.get(noteKey);
    const applied = note
      ? acquaintanceLimits(name, network, limits)
      : strangerLimits(name, network, limits);
    const counts = await Promise.all(
      applied.map(({ key, ttlSeconds }) => state.count(key, 1, ttlSeconds)),
    );
    const reached = applied.filter(({ max }, index) => (counts[index] ?? Infinity) > max);
    if (reached.length > 0) {
      // A path that is blocked must not use up what others have, however hard it knocks.
      await giveBack(applied.filter((limit) => !reached.includes(limit)));
      return {
        kind: 'throttled',
        retryAfterSeconds: Math.max(...reached.map(({ ttlSeconds }) => ttlSeconds)),
        isFirst: applied.some(({ max }, index) => counts[index] === max + 1),
      };
    }
    return {
      kind: 'admitted',
      async succeeded() {
        const notedAt = typeof note?.value === 'number' ? note.value : -Infinity;
        const isStale = clock.now() - notedAt >= NOTE_FRESH_SECONDS;
        await Promise.all([
          ...applied.filter(({ isInARow }) => isInARow).map(({ key }) => state.delete(key)),
          giveBack(applied.filter(({ isInARow }) => !isInARow)),
          ...(isStale ? [remember(noteKey)] : []),
        ]);
      },
      withdraw: () => giveBack(applied),
    };
  }

  async function remember(noteKey: string): Promise<void> {
    await state.put(noteKey, clock.now(), { ttlSeconds: limits.addressKnownFor });
  }

  async function giveBack(counted: readonly Limit[]): Promise<void> {
    await Promise.all(counted.map(({ key, ttlSeconds }) => state.count(key, -1, ttlSeconds)));
  }

  async function forgive(logins: readonly string[]): Promise<void> {
    const keys = logins.map(sha256).flatMap((name) => [strangersKey(name), acquaintancesKey(name)]);
    await Promise.all(keys.map((key) => state.delete(key)));
  }

  return { admit, forgive };
}

function acquaintanceLimits(
  name: string,
  network: string,
  limits: SignInSettings['limits'],
): readonly Limit[] {
  return [
    pathLimit(name, network, limits),
    {
      key: acquaintancesKey(name),
      max: limits.acquaintances,
      ttlSeconds: limits.rowForgottenAfter,
      isInARow: true,
    },
  ];
}

function strangerLimits(
  name: string,
  network: string,
  limits: SignInSettings['limits'],
): readonly Limit[] {
  const ttlSeconds = limits.window;
  return [
    pathLimit(name, network, limits),
    {
      key: strangersKey(name),
      max: limits.strangers,
      ttlSeconds: limits.rowForgottenAfter,
      isInARow: true,
    },
    {
      key: `sign-in:address:${network}`,
      max: limits.perAddress,
      ttlSeconds,
      isInARow: false,
    },
    { key: 'sign-in:overall', max: limits.overall, ttlSeconds, isInARow: false },
  ];
}

function pathLimit(name: string, network: string, limits: SignInSettings['limits']): Limit {
  return {
    key: `sign-in:path:${name}:${network}`,
    max: limits.perPath,
    ttlSeconds: limits.window,
    isInARow: true,
  };
}

function strangersKey(name: string): string {
  return `sign-in:strangers:${name}`;
}

function acquaintancesKey(name: string): string {
  return `sign-in:acquaintances:${name}`;
}
