import { LatchkeyError } from '../runtime/errors.ts';
import type { Json } from '../runtime/json.ts';

/** Stamp of one write of one key. No two writes share one. */
export type Version = string;

/** What a key holds, and the stamp of the write that put it there. */
export interface Entry {
  readonly value: Json;
  readonly version: Version;
}

export interface WriteOptions {
  /** Seconds until the entry vanishes by itself. Left out: it stays. */
  readonly ttlSeconds?: number | undefined;
  /**
   * Answer only once the write survives the loss of this machine as far as the engine can promise:
   * embedded always does; Redis waits for its replicas (`WAIT`) or its log (`WAITAOF`).
   */
  readonly durable?: boolean | undefined;
  /**
   * Taken even when the engine is full. Only for what takes validity away (a redemption, a
   * revocation) or completes a redemption already made.
   */
  readonly essential?: boolean | undefined;
  /**
   * What the entry stands for happens once, and has not happened yet: it reads as absent from the moment on that the
   * engine may have lost what it had acknowledged (a Redis that was replaced or restarted), for that may have been
   * the write that says it has.
   */
  readonly once?: boolean | undefined;
}

/** How a swap is written. */
export interface SwapOptions extends WriteOptions {
  /**
   * NumericDate of what an absent entry is the mark of, when it is taken for the first time: the swap is lost if
   * the engine may have lost such a mark since.
   */
  readonly madeAt?: number | undefined;
}

/** One entry of a log. Numbers start at 1 and have no gaps. */
export interface LogEntry {
  readonly number: number;
  readonly value: Json;
}

/** A stretch of a log, oldest first. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** The number of the newest entry ever appended; 0 when there was none. Survives trimming. */
  readonly last: number;
  /** The number of the oldest entry still held; `last + 1` when none is. */
  readonly first: number;
}

/** How the engine fares, for `/readyz` and metrics. */
export interface StateHealth {
  readonly ok: boolean;
  /** What an operator should know or do, in plain words; empty when all is well. */
  readonly remarks: readonly string[];
}

/**
 * The state that nodes share, in verbs of one key each, every one of them atomic and repeatable: a
 * write carries an attempt id, so that the engine's own retry after a lost answer gets the first answer.
 * What must happen once is a `swap`. Every engine passes `test/contract/state.contract.ts`.
 * Keys are at most 512 bytes of printable ASCII without spaces or braces; values at most 256 KiB of JSON.
 *
 * @throws {StateUnavailable} from any verb, when the engine gave no answer in time.
 * @throws {StateFull} from a write that is not `essential`, when the engine has no room.
 */
export interface State {
  get(key: string): Promise<Entry | undefined>;
  /** Several independent reads in one round trip, in the order asked; no snapshot. */
  getMany(keys: readonly string[]): Promise<readonly (Entry | undefined)[]>;
  put(key: string, value: Json, options?: WriteOptions): Promise<Version>;
  /**
   * Writes only if the key still has version `seen` (`undefined`: is absent).
   * Gives the new version, or `undefined` when the swap was lost.
   */
  swap(
    key: string,
    seen: Version | undefined,
    value: Json,
    options?: SwapOptions,
  ): Promise<Version | undefined>;
  /** True: there was something to delete. Always `essential`. */
  delete(key: string, options?: Pick<WriteOptions, 'durable'>): Promise<boolean>;
  /**
   * Adds `by` to a counter that lives `ttlSeconds` from its first count on, and gives the sum.
   * `by` of 0 reads; a negative one gives back.
   */
  count(key: string, by: number, ttlSeconds: number): Promise<number>;
  /** Puts `member` into a set until `expiresAt` (NumericDate); again: until the later of both. */
  add(
    key: string,
    member: string,
    expiresAt: number,
    options?: Omit<WriteOptions, 'ttlSeconds'>,
  ): Promise<void>;
  remove(key: string, member: string): Promise<void>;
  /** The members that have not expired, in no order. */
  list(key: string): Promise<readonly string[]>;
  /** Appends to a log and gives the entry's number. Several values take consecutive numbers; gives the last. */
  append(
    log: string,
    values: readonly Json[],
    options?: Omit<WriteOptions, 'ttlSeconds'>,
  ): Promise<number>;
  /** Up to `limit` entries whose number is greater than `after`. */
  readLog(log: string, after: number, limit: number): Promise<LogPage>;
  /** Forgets entries numbered `upTo` and below; numbering goes on. */
  trimLog(log: string, upTo: number): Promise<void>;
  /** Tells every subscriber on every node, this one too. At most once and never replayed. */
  notify(topic: string): Promise<void>;
  /**
   * Resolves once in force, to the function that ends the subscription. The listener also runs when
   * notifications may have been missed (a reconnect): it only ever means "read the truth again".
   */
  subscribe(topic: string, listener: () => void): Promise<() => Promise<void>>;
  health(): Promise<StateHealth>;
  close(): Promise<void>;
}

/** The engine gave no answer in time: the write may or may not have happened. */
export class StateUnavailable extends LatchkeyError {
  readonly code = 'ERR_STATE_UNAVAILABLE';
}

/** The engine answered that it has no room (Redis `maxmemory`, a full disk): nothing was written. */
export class StateFull extends LatchkeyError {
  readonly code = 'ERR_STATE_FULL';
}
