import type { Json } from '../../runtime/json.ts';
import type { Entry, State, SwapOptions, Version, WriteOptions } from '../../storage/state.ts';
import { once, type RequestScopes } from '../request-scope.ts';

/** The state as one request sees it: each key is read once. Keys get the issuer's namespace here. */
export interface RequestState {
  get(key: string): Promise<Entry | undefined>;
  /** Reads in one round trip what the request is going to ask for. */
  prefetch(keys: readonly string[]): void;
  /** Spares the read of what nobody can have written: the first swap finds out. */
  assumeAbsent(key: string): void;
  /** Reads again, past what the request remembers: after a lost swap. */
  refresh(key: string): Promise<Entry | undefined>;
  put(key: string, value: Json, options: WriteOptions): Promise<void>;
  /** The same, but only the answer to this request waits for it: for what nobody can ask for before that. */
  putBeforeAnswer(key: string, value: Json, options: WriteOptions): void;
  /** The new version; undefined: lost. `seen` is what `get` or `refresh` gave. */
  swap(
    key: string,
    seen: Entry | undefined,
    value: Json,
    options: SwapOptions,
  ): Promise<Version | undefined>;
  /** True: there was something to delete. */
  delete(key: string): Promise<boolean>;
  /** Puts `member` into a set until `expiresAt`. */
  add(key: string, member: string, expiresAt: number): Promise<void>;
  /** Adds one and gives the sum. */
  count(key: string, ttlSeconds: number): Promise<number>;
}

/** A key of the protocol as the state has it. */
export function oidcKey(namespace: string, key: string): string {
  return `${namespace}:oidc:${key}`;
}

/** `state` as the requests of one issuer see it. */
export function createRequestState(options: {
  readonly state: State;
  readonly namespace: string;
  readonly scopes: RequestScopes;
}): RequestState {
  const { state, namespace, scopes } = options;
  const full = (key: string): string => oidcKey(namespace, key);
  const remember = (key: string, entry: Entry | undefined): void =>
    void scopes.current().entries.set(key, Promise.resolve(entry));

  return {
    get: (key) => once(scopes.current().entries, key, () => state.get(full(key))),
    prefetch(keys) {
      const { entries } = scopes.current();
      const missing = keys.filter((key) => !entries.has(key));
      if (missing.length === 0) return;
      const found = state.getMany(missing.map(full));
      for (const [index, key] of missing.entries()) {
        const entry = found.then((all) => all[index]);
        // Whoever asks for the key meets the error; if nobody does, nobody misses it.
        entry.catch(() => undefined);
        entries.set(key, entry);
      }
    },
    assumeAbsent: (key) => remember(key, undefined),
    async refresh(key) {
      const entry = await state.get(full(key));
      remember(key, entry);
      return entry;
    },
    async put(key, value, writeOptions) {
      const version = await state.put(full(key), value, writeOptions);
      remember(key, { value, version });
    },
    putBeforeAnswer(key, value, writeOptions) {
      const written = state.put(full(key), value, writeOptions);
      // Whoever answers meets the error; a request that failed already has one to tell.
      written.catch(() => undefined);
      scopes.current().writes.push(written);
    },
    async swap(key, seen, value, writeOptions) {
      const version = await state.swap(full(key), seen?.version, value, writeOptions);
      if (version !== undefined) remember(key, { value, version });
      return version;
    },
    async delete(key) {
      const wasThere = await state.delete(full(key), { durable: true });
      remember(key, undefined);
      return wasThere;
    },
    add: (key, member, expiresAt) => state.add(full(key), member, expiresAt),
    count: (key, ttlSeconds) => state.count(full(key), 1, ttlSeconds),
  };
}
