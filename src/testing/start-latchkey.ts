import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startNodeProcess } from './node-process.ts';
import { createOrders, type Orders } from './orders.ts';
import { DEFAULT_SEED, type Seed } from './seed.ts';
import { signInOnPage, type SignInPage } from './sign-in-on-page.ts';

const letter = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  links: z.array(z.string()),
  codes: z.array(z.string()),
});

/** A letter that would have been sent. */
export type Letter = Readonly<z.output<typeof letter>>;

/** What an access token should be; see docs/guides/testing.md. */
export interface TokenWish {
  readonly client: string;
  readonly person?: string;
  readonly api?: string;
  readonly scopes?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly expiresIn?: string;
  readonly flaw?: 'expired' | 'issuer' | 'audience' | 'type' | 'signature' | 'key' | 'none';
}

/** What goes wrong at an endpoint; see docs/guides/testing.md. */
export interface FaultWish {
  readonly path: string;
  readonly times?: number;
  readonly status?: number;
  readonly body?: 'malformed';
  readonly delay?: string;
}

/** A provider for the tests of an app. */
export interface TestLatchkey extends AsyncDisposable {
  readonly issuer: string;
  /**
   * Signs a person of the seed in on the page that is open, and allows what is asked. Resolves when the browser has left
   * the provider.
   */
  signIn(page: SignInPage, person: string): Promise<void>;
  /** An access token without a sign-in. @throws {OrderRefused} for one that nobody could get. */
  token(wish: TokenWish): Promise<string>;
  readonly clock: {
    now(): Promise<Date>;
    /** By `90s`, `16m`, `12h` or `30d`. The app's own clock and the browser's stand still. */
    advance(by: string): Promise<void>;
    /** @throws {OrderRefused} to go back. */
    set(to: Date): Promise<void>;
  };
  readonly inbox: {
    /** The newest letter to an address, or text message to a number (`+15551234567`); waits for the first, at most five seconds. */
    latest(to: string): Promise<Letter>;
    clear(): Promise<void>;
  };
  readonly faults: {
    /** What the next requests at a path meet. @throws {OrderRefused} */
    plan(fault: FaultWish): Promise<void>;
    clear(): Promise<void>;
  };
  /** Everything as it was when it had started: data, keys, time, letters, faults. */
  reset(): Promise<void>;
  /** Keeps everything as it is now, and gives a name to restore it by; the newest 20 are kept. */
  snapshot(): Promise<string>;
  /** Everything as it was at the snapshot. @throws {OrderRefused} when there is none of this name. */
  restore(snapshot: string): Promise<void>;
  close(): Promise<void>;
}

/** How a provider for tests begins. */
export interface StartOptions {
  /** Its settings; left out: two people, a client and an API. */
  readonly seed?: Seed | undefined;
  /** A text that ids, keys, codes and client secrets follow from; left out: they are random. */
  readonly randomSeed?: string | undefined;
}

/**
 * Starts a provider on an ephemeral port of 127.0.0.1, in a process of its own, with its data in a temporary folder.
 *
 * @throws {DidNotStart} when the seed is not good, with what is wrong.
 */
export async function startLatchkey({
  seed = DEFAULT_SEED,
  randomSeed,
}: StartOptions = {}): Promise<TestLatchkey> {
  const { issuer, close } = await startNodeProcess(settingsOf(seed, randomSeed));
  const orders = createOrders(issuer);
  return {
    issuer,
    signIn: (page, person) => signInOnPage(page, { issuer, person: personOf(seed, person) }),
    token: async (wish) => String((await orders.send('/dev/tokens', wish))['access_token']),
    clock: {
      now: async () => new Date(Number((await orders.read('/dev/clock'))['seconds']) * 1000),
      advance: async (by) => void (await orders.send('/dev/clock', { advance: by })),
      set: async (to) => void (await orders.send('/dev/clock', { set: to.toISOString() })),
    },
    inbox: {
      latest: (to) => latestLetter(orders, to),
      clear: () => orders.remove('/dev/inbox'),
    },
    faults: {
      plan: (fault) => orders.carryOut('/dev/faults', fault),
      clear: () => orders.remove('/dev/faults'),
    },
    reset: () => orders.carryOut('/dev/reset', {}),
    snapshot: async () => String((await orders.send('/dev/snapshot', {}))['snapshot']),
    restore: (snapshot) => orders.carryOut('/dev/restore', { snapshot }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The cheapest hashes that the rules allow: the passwords of a test are in clear anyway, and each sign-in waits for one. */
const SIGN_IN = { argon2: { memoryKib: 7168, iterations: 1 } };

function settingsOf(given: Seed, randomSeed: string | undefined): Seed {
  const seed: Seed = { signIn: SIGN_IN, ...given };
  if (randomSeed === undefined) return seed;
  const dev = z.record(z.string(), z.unknown()).parse(seed['dev'] ?? {});
  return { ...seed, dev: { ...dev, seed: randomSeed } };
}

function personOf({ people = [] }: Seed, name: string): { login: string; password: string } {
  const person = people.find(({ username, email }) => username === name || email === name);
  if (person?.password === undefined)
    throw new TypeError(`nobody in the seed is called ${name} and has a password`);
  return { login: name, password: person.password };
}

const LETTER_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;

async function latestLetter(orders: Orders, to: string): Promise<Letter> {
  const untilMs = performance.now() + LETTER_WITHIN_MS;
  while (performance.now() < untilMs) {
    const [newest] = await orders.list(`/dev/inbox.json?to=${encodeURIComponent(to)}`);
    if (newest !== undefined) return letter.parse(newest);
    await delay(LOOK_EVERY_MS);
  }
  throw new TypeError(`no letter to ${to} has come`);
}
